import type { Probe } from './probe.ts';

/** One call on the person's message bus. */
export interface BusCall {
  readonly destination: string;
  readonly path: string;
  /** With its interface. */
  readonly method: string;
  /** What the method takes; nothing but strings. */
  readonly strings: readonly string[];
}

/**
 * Asks a service of the Linux desktop, with gdbus where it is there, else with dbus-send. The answer is what that program prints; undefined where
 * there is neither, no bus, or nobody who answers.
 */
export async function askSessionBus(probe: Probe, call: BusCall): Promise<string | undefined> {
  const { destination, path, method, strings } = call;
  const where = ['--session', '--timeout', '5', '--dest', destination, '--object-path', path];
  const said = await probe('gdbus', ['call', ...where, '--method', method, ...strings]);
  if (said !== undefined) return said;
  const to = ['--session', '--print-reply', '--reply-timeout=5000', `--dest=${destination}`, path];
  return probe('dbus-send', [...to, method, ...strings.map((text) => `string:${text}`)]);
}
