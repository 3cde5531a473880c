import { type ArgumentSpec, readArguments } from '../../engine/base/settings-args.ts';
import { variableOf } from '../../engine/base/settings-environment.ts';
import { type Given, quote, readTexts, STRENGTH, switchOn, usage } from '../../engine/base/settings-given.ts';
import { parseEndpoint, parseSecret, parseServerUrl, ValueError } from '../../engine/base/settings-values.ts';
import type { Io } from './io.ts';

/** Where the control ports of a manager, a peer and a store are by default. */
export const DEFAULT_CONTROLS = ['http://127.0.0.1:11001', 'http://127.0.0.1:8002', 'http://127.0.0.1:1101'] as const;

/** Options of every client command that asks a control port. */
export const CLIENT_OPTIONS = {
  control: { arg: 'URL', help: `control port to ask (default: ${DEFAULT_CONTROLS.join(', then ')})` },
  token: { arg: 'TOKEN', help: 'token of the control port' },
  json: { help: 'print the answer as JSON' },
} as const satisfies Record<string, ArgumentSpec & { help: string }>;

/** An option of a command, with what its help says. */
export type CommandOption = ArgumentSpec & { readonly help: string };

export interface ClientArguments {
  /** Control ports to try, in order. */
  readonly urls: readonly string[];
  readonly token: string | undefined;
  readonly json: boolean;
  /** Other options, as they were written. */
  readonly options: ReadonlyMap<string, Given>;
  readonly rest: readonly string[];
}

/** Reads the arguments of a client command; POTLUCK_CONTROL and POTLUCK_TOKEN stand in for flags. Throws POTLUCK_USAGE. */
export function readClientArguments(
  argv: readonly string[],
  own: Readonly<Record<string, CommandOption>>,
  { env, cwd }: Pick<Io, 'env' | 'cwd'>,
): ClientArguments {
  const specs: Readonly<Record<string, CommandOption>> = { ...CLIENT_OPTIONS, ...own };
  const { options, rest } = readArguments(argv, specs, { base: cwd });
  const control = options.get('control') ?? fromVariable('control', env);
  const token = options.get('token') ?? fromVariable('token', env);
  return {
    urls: control === undefined ? DEFAULT_CONTROLS : readTexts({ parse: parseControlUrl }, control),
    token: token === undefined ? undefined : readTexts({ parse: parseSecret, secret: true }, token)[0],
    json: switchOn(options, 'json'),
    options,
    rest,
  };
}

function fromVariable(name: string, env: Io['env']): Given | undefined {
  const where = variableOf(name);
  const text = env[where];
  if (text === undefined || text.trim() === '') return undefined;
  return { texts: [text], where, strength: STRENGTH.environment, base: '' };
}

/** A URL, or `[host:]port` as the faces take it. Throws ValueError. */
export function parseControlUrl(text: string): string {
  if (text.includes('://')) return parseServerUrl(text);
  if (text === 'off') throw new ValueError('the control port is off; name another by --control URL');
  const { host = '127.0.0.1', port } = parseEndpoint(text);
  if (port === 0) throw new ValueError('port 0 cannot be asked');
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Refuses what a command does not take. */
export function takesNoMore(rest: readonly string[], most = 0): void {
  const extra = rest[most];
  if (extra !== undefined) throw usage(`unexpected argument ${quote(extra)}`);
}
