import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { Writable } from 'node:stream';
import { readArguments } from '../../../engine/base/settings-args.ts';
import { switchOn, usage } from '../../../engine/base/settings-given.ts';
import type { CommandOption } from '../client-options.ts';
import type { Io, LoadEngine } from '../io.ts';
import { INTERRUPTED } from './interrupted.ts';

export const PASSWORD_OPTIONS: Readonly<Record<string, CommandOption>> = {
  json: { help: 'print the hash as JSON' },
};

/** Longer than anybody types, and short enough that a file piped in by mistake is noticed. UTF-16 units. */
const LONGEST = 1024;

/**
 * `potluck password`: reads a password, from the terminal without showing it and twice, or the first line of a pipe, and prints its salted
 * hash (PHC string format) as the last line. Throws POTLUCK_USAGE for one that is empty, too long, or not the same twice.
 */
export async function runPassword(argv: readonly string[], io: Io, loadEngine: LoadEngine): Promise<number> {
  const { options, rest } = readArguments(argv, PASSWORD_OPTIONS, { base: io.cwd });
  // What stands on a command line can be read by every user of the machine.
  if (rest.length > 0) throw usage('a password is typed or piped in, not given on the command line');
  const { hashPassword } = await loadEngine();
  const typed = io.stdin.isTTY === true;
  const password = typed ? await typedTwice(io) : await firstLine(io.stdin);
  if (password === undefined) return INTERRUPTED;
  if (password === '') throw usage('an empty password protects nothing');
  if (password.length > LONGEST) throw usage(`a password has at most ${LONGEST} characters`);
  const hash = await hashPassword(password);
  if (typed) io.stderr('\nFor the configuration file, beside "user: NAME", in quotes as it is:\n');
  io.stdout(`${switchOn(options, 'json') ? JSON.stringify({ hash }) : hash}\n`);
  return 0;
}

async function typedTwice(io: Pick<Io, 'stdin' | 'stderr'>): Promise<string | undefined> {
  const [first, second] = await unseenLines(io, ['Password: ', 'Once more: ']);
  if (first === undefined || second === undefined) return undefined;
  if (first !== second) throw usage('the two are not the same');
  return first;
}

/** Asks at the terminal, one line for each prompt, without an echo. Fewer lines where Ctrl-C or Ctrl-D ended it. */
function unseenLines({ stdin, stderr }: Pick<Io, 'stdin' | 'stderr'>, prompts: readonly string[]): Promise<string[]> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({ input: stdin, output: nowhere, terminal: true, historySize: 0 });
  const lines: string[] = [];
  return new Promise((resolve) => {
    const next = () => {
      const prompt = prompts[lines.length];
      if (prompt === undefined) reader.close();
      else stderr(prompt);
    };
    reader.on('line', (line) => {
      lines.push(line);
      stderr('\n');
      next();
    });
    reader.on('SIGINT', () => reader.close());
    reader.on('close', () => resolve(lines));
    next();
  });
}

async function firstLine(stdin: Readable): Promise<string> {
  let text = '';
  stdin.setEncoding('utf8');
  for await (const chunk of stdin) {
    text += chunk;
    const end = text.search(/\r?\n/);
    if (end >= 0) return text.slice(0, end);
    if (text.length > LONGEST) break;
  }
  return text;
}
