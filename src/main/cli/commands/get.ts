import { isAbsolute, join } from 'node:path';
import { readArguments } from '../../../engine/base/settings-args.ts';
import { type Given, switchOn, usage } from '../../../engine/base/settings-given.ts';
import type { GetOptions, GetResult } from '../../../engine/index.ts';
import { type CommandOption, takesNoMore } from '../client-options.ts';
import { bytes, printable, rate } from '../format.ts';
import type { Io, LoadEngine } from '../io.ts';
import { ProgressLine } from './get-progress.ts';
import { INTERRUPTED } from './interrupted.ts';

export const GET_SYNOPSIS = '<url> [-o FILE]';

export const GET_OPTIONS: Readonly<Record<string, CommandOption>> = {
  output: {
    arg: 'FILE',
    short: 'o',
    help: 'file or folder to write to; - is standard output (default: the name in the URL)',
  },
  key: {
    arg: 'FINGERPRINT',
    help: 'take it only from the manager with this key; its /_potluck/health names it',
  },
  force: { short: 'f', help: 'replace the file if it exists' },
  restart: { help: 'throw an unfinished older download away instead of going on with it' },
  quiet: { short: 'q', help: 'show no progress' },
  json: { help: 'print the result as JSON' },
};

interface GetCommand {
  readonly url: string;
  readonly output: string | undefined;
  readonly options: ReadonlyMap<string, Given>;
}

/** Reads the arguments of `potluck get`. Throws POTLUCK_USAGE. */
export function readGetArguments(argv: readonly string[], cwd: string): GetCommand {
  const { options, rest } = readArguments(argv, GET_OPTIONS, { base: cwd });
  takesNoMore(rest, 1);
  const [url] = rest;
  if (url === undefined) throw usage('get needs a URL');
  const named = options.get('output')?.texts[0];
  if (named === '-' && switchOn(options, 'json')) throw usage('--json and -o - both want standard output');
  const output = named === undefined || named === '-' || isAbsolute(named) ? named : join(cwd, named);
  return { url, output: output ?? cwd, options };
}

/** `potluck get <url> [-o FILE]`: from several peers at once, every piece verified. Ctrl-C leaves what a later call goes on with. */
export async function runGet(argv: readonly string[], io: Io, loadEngine: LoadEngine): Promise<number> {
  const command = readGetArguments(argv, io.cwd);
  const { get } = await loadEngine();
  const abort = new AbortController();
  io.interruptions.onStop(() => abort.abort());
  const quiet = switchOn(command.options, 'quiet');
  const name = printable(command.url.split(/[?#]/)[0]?.split('/').pop() || command.url);
  const line = new ProgressLine({ write: io.stderr, terminal: io.terminal, name });
  try {
    const result = await get(command.url, {
      ...optionsOf(command, io),
      signal: abort.signal,
      onNotice: (message) => line.notice(message),
      ...(quiet ? {} : { onProgress: (progress) => line.update(progress) }),
    });
    line.clear();
    report(command, result, io);
    return 0;
  } catch (error) {
    line.clear();
    if (!abort.signal.aborted) throw error;
    io.stderr('potluck: stopped\n');
    return INTERRUPTED;
  }
}

function optionsOf({ output, options }: GetCommand, io: Io): GetOptions {
  const key = options.get('key')?.texts[0];
  return {
    output: output === '-' ? io.stdoutStream : (output as string),
    ...(key === undefined ? {} : { key }),
    force: switchOn(options, 'force'),
    restart: switchOn(options, 'restart'),
  };
}

function report({ options }: GetCommand, result: GetResult, io: Io): void {
  if (switchOn(options, 'json')) {
    io.stdout(`${JSON.stringify(result)}\n`);
    return;
  }
  const say = result.file === undefined ? io.stderr : io.stdout;
  if (!switchOn(options, 'quiet')) say(summary(result));
}

/** What a person wants to know in the end, in a line or two. */
export function summary(result: GetResult): string {
  const used = result.sources.filter((source) => source.bytes > 0);
  const loaded = result.bytes - result.resumed;
  const seconds = Math.max(result.duration, 1) / 1000;
  const trust = result.verified
    ? `verified with the key ${result.manager.fingerprint.slice(0, 16)}... of ${printable(result.manager.name)}`
    : 'not verified';
  const resumed = result.resumed > 0 ? `, ${bytes(result.resumed)} from before` : '';
  const from = `from ${used.length} ${used.length === 1 ? 'source' : 'sources'}`;
  const where = printable(result.file ?? 'standard output');
  return `${where}: ${bytes(result.bytes)}${resumed}, ${rate(loaded / seconds)} ${from}, ${trust}\n`;
}
