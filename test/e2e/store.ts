import { type CurlResult, curl, type Potluck, type PotluckOptions, startPotluck } from '../support/program.ts';

/** A real store on loopback, and curl to talk to it. */

export const DIR = '0123456789abcdef0123456789abcdef';
export const WHOLE = 'f'.repeat(32);

const MEMORY = ['--memory', '16M'];

export function id(number: number): string {
  return number.toString(16).padStart(32, '0');
}

export function startStore(args: readonly string[] = [], options: PotluckOptions = {}): Promise<Potluck> {
  const ports = ['--listen', '127.0.0.1:0', '--control', '127.0.0.1:0'];
  const tiers = [...(args.includes('--disk') ? [] : ['--disk', '64M']), ...(args.includes('--memory') ? [] : MEMORY)];
  return startPotluck(['--store', ...tiers, ...ports, ...args], options);
}

export function urlOf(store: Potluck, number: number | string, query = ''): string {
  return `${store.data}/${DIR}/${typeof number === 'string' ? number : id(number)}${query}`;
}

/** PUT of a text, with further arguments for curl. */
export function put(url: string, text: string, args: readonly string[] = []): Promise<CurlResult> {
  return curl(['-X', 'PUT', '--data-binary', text, '-H', 'Content-Type: text/plain', ...args, url]);
}
