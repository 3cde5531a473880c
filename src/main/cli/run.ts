import { asPotluckError, ERRORS } from '../../engine/base/errors.ts';
import { notYet, unknownName } from '../../engine/base/settings-given.ts';
import { COMMANDS, LATER_COMMANDS } from './commands.ts';
import { runFace } from './face.ts';
import { commandHelp, generalHelp } from './help.ts';
import type { Io, LoadEngine } from './io.ts';
import { VERSION } from './version.ts';

/**
 * The whole command line: `argv` without program and script. Never throws: what goes wrong is one line on standard error and the exit
 * code of its error, 2 for what cannot be understood.
 */
export async function runCommandLine(argv: readonly string[], io: Io, loadEngine: LoadEngine): Promise<number> {
  try {
    return await dispatch(argv, io, loadEngine);
  } catch (error) {
    io.stderr(`potluck: ${oneLine(error)}\n`);
    return asPotluckError(error).exitCode;
  }
}

function dispatch(argv: readonly string[], io: Io, loadEngine: LoadEngine): number | Promise<number> {
  const [word = ''] = argv;
  const command = Object.hasOwn(COMMANDS, word) ? COMMANDS[word] : undefined;
  if (asksFor(argv, '--help', '-h')) return say(io, command === undefined ? generalHelp() : commandHelp(word, command));
  if (asksFor(argv, '--version')) return say(io, `potluck ${VERSION}\n`);
  if (command !== undefined) return command.run(argv.slice(1), io, loadEngine);
  if (Object.hasOwn(LATER_COMMANDS, word)) throw notYet(word, LATER_COMMANDS[word] ?? '');
  if (word === 'help') return say(io, generalHelp());
  if (!word.startsWith('-')) throw unknownName('command', word, Object.keys(COMMANDS));
  return runFace(argv, io, loadEngine);
}

function asksFor(argv: readonly string[], ...flags: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return (end < 0 ? argv : argv.slice(0, end)).some((word) => flags.includes(word));
}

function say(io: Io, text: string): number {
  io.stdout(text);
  return 0;
}

// Errors of the system (a port that may not be bound, a disk that failed) say what happened in their message. Of a mistake in the
// options its detail says it all.
function oneLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const known = `${ERRORS.POTLUCK_USAGE.message}: `;
  return (
    (message.startsWith(known) ? message.slice(known.length) : message).replace(/\s*[\r\n]+\s*/g, ' ').trim() ||
    'something went wrong'
  );
}
