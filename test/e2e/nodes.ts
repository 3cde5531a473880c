import { setTimeout as sleep } from 'node:timers/promises';
import type { NodeReport, Stats } from '../../src/engine/protocol/control.ts';
import { curl, eventually, type Potluck, type PotluckOptions, sha256OfUrl, startPotluck } from '../support/program.ts';

/** Starts real managers and peers on loopback, and looks at them through their control ports. */

const LOOPBACK = ['--listen', '127.0.0.1:0', '--control', '127.0.0.1:0'];

export function startManager(
  mirror: string,
  args: readonly string[] = [],
  options: PotluckOptions = {},
): Promise<Potluck> {
  return startPotluck(['--manager', '--mirror', mirror, '--no-mdns', ...LOOPBACK, ...args], options);
}

/** A manager on a port that it is to have again. A fresh one, with another key, where no state is given. */
export function managerOn(
  port: number,
  mirror: string,
  state?: string,
  args: readonly string[] = [],
): Promise<Potluck> {
  const listen = ['--listen', `127.0.0.1:${port}`, '--control', '127.0.0.1:0', '--no-mdns'];
  return startPotluck(['--manager', '--mirror', mirror, ...listen, ...args], state === undefined ? {} : { state });
}

/** A peer that has joined; `whenFit` tells when it is given downloads. */
export function startPeer(
  manager: string,
  args: readonly string[] = [],
  options: PotluckOptions = {},
): Promise<Potluck> {
  return startPotluck(['--peer', '--upstream', manager, ...LOOPBACK, ...args], options);
}

/** JSON from a control port. */
export async function api<T>(node: Potluck, path: string): Promise<T> {
  const answer = await fetch(node.control + path);
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
  return (await answer.json()) as T;
}

export async function post<T>(node: Potluck, path: string, body: object): Promise<T> {
  const headers = { 'Content-Type': 'application/json' };
  const answer = await fetch(node.control + path, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as T;
}

export const stats = (node: Potluck): Promise<Stats> => api<Stats>(node, '/api/v1/stats');

export async function nodes(manager: Potluck): Promise<NodeReport[]> {
  return (await api<{ nodes: NodeReport[] }>(manager, '/api/v1/nodes')).nodes;
}

/** What a manager says of a peer. */
export async function reportOf(manager: Potluck, peer: Potluck): Promise<NodeReport> {
  const report = (await nodes(manager)).find(({ url }) => url === peer.data);
  if (report === undefined) throw new Error(`the manager does not know ${peer.data}`);
  return report;
}

/** Waits until these peers are given downloads, and know each other. */
export async function whenFit(manager: Potluck, peers: readonly Potluck[]): Promise<void> {
  await eventually(async () => {
    for (const peer of peers) {
      const { status, reason } = await reportOf(manager, peer);
      if (status !== 'active') throw new Error(`${peer.data} is ${status}: ${reason}`);
      const { nodes: members } = await stats(peer);
      if (members < peers.length) throw new Error(`${peer.data} knows ${members} members`);
    }
  });
}

/** Where a manager sends a new download of this path: the base URL of a peer, or its own where it answers itself. */
export async function whereTo(base: string, path: string, args: readonly string[] = []): Promise<string> {
  const { status, heads } = await curl(['-r', '0-0', ...args, base + path]);
  if (status !== 302) return base;
  return new URL(heads.at(-1)?.headers['location'] ?? '').origin;
}

/** One line of a program's log. */
export interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** What a node has said in its log so far. */
export function logOf(node: Potluck): LogLine[] {
  const text = node.stderr();
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
  return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as LogLine);
}

/** Makes a peer hold a whole file. */
export async function warm(peer: Potluck, path: string): Promise<void> {
  await sha256OfUrl(peer.data + path);
}

/** Redirects that were seen: how many led to a node, and when the last of them was asked for, milliseconds from the call. */
export interface Redirects {
  readonly count: number;
  readonly last: number;
}

/**
 * Asks for downloads, in turn, for so many milliseconds, and counts the redirects to `base`. Small objects stay with their owners, so with
 * enough of them every peer has its share. Each answer must be a redirect or the manager's own.
 */
export async function redirectsTo(base: string, urls: readonly string[], during: number): Promise<Redirects> {
  const began = performance.now();
  let [count, last, turn] = [0, 0, 0];
  for (let at = 0; at < during; at = performance.now() - began) {
    const answer = await fetch(urls[turn++ % urls.length] as string, { redirect: 'manual' });
    await answer.arrayBuffer();
    if (![302, 200].includes(answer.status)) throw new Error(`${answer.url} answered ${answer.status}`);
    if (answer.headers.get('location')?.startsWith(`${base}/`)) [count, last] = [count + 1, at];
    await sleep(5);
  }
  return { count, last };
}
