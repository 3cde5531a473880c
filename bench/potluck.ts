import { existsSync } from 'node:fs';
import { eventually } from '../test/support/help.ts';
import { type Potluck, PROGRAM, startPotluck } from '../test/support/program.ts';
import { otherCores, pin, SERVER_CORE } from './cores.ts';
import type { Server } from './server.ts';

/** Set, so that every byte passes the throttle, and far above what loopback carries. */
const CAP = '100G';
const JOIN_TIMEOUT = 20_000;
const LOOPBACK = '127.0.0.1:0';
const PLACE = ['--listen', LOOPBACK, '--control', LOOPBACK, '--no-mdns', '--log-level', 'warn'];

/** Throws where there is nothing to measure. */
export function checkBuilt(): void {
  if (!existsSync(PROGRAM)) throw new Error('dist/potluck.mjs does not exist: run "npm run build" first');
}

/** A manager in front of `origin`. */
export function startManager(origin: string, memory: string): Promise<Potluck> {
  const args = ['--manager', '--mirror', origin, '--memory', memory, '--upload-cap', CAP, '--disk', '0', ...PLACE];
  return startPotluck(args, { detached: true });
}

/** A peer of that manager, without a disk tier where none is given. `profile`: folder for its CPU profile. */
export function startPeer(
  manager: Potluck,
  memory: string,
  { disk = '0', profile }: { disk?: string; profile?: string | undefined } = {},
): Promise<Potluck> {
  const tiers = ['--memory', memory, '--disk', disk];
  const args = ['--peer', '--upstream', manager.data, ...tiers, '--upload-cap', CAP, ...PLACE];
  const env = profile === undefined ? {} : { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profile}` };
  return startPotluck(args, { detached: true, env });
}

/** Where the manager sends clients that ask for a path: an absolute URL with potluck-rev. Waits until it sends them to a peer. */
export function redirectOf(manager: Potluck, path: string): Promise<string> {
  return eventually(async () => {
    const response = await fetch(manager.data + path, { redirect: 'manual' });
    await response.body?.cancel();
    const location = response.headers.get('location');
    if (response.status !== 302 || location === null)
      throw new Error(`the manager answered ${response.status}, no redirect`);
    return location;
  }, JOIN_TIMEOUT);
}

/** A peer in its session with a manager, on the server's core; the manager is elsewhere and takes its statistics and access lines. */
export async function startPeerServer(origin: string, profile?: string): Promise<Server> {
  const manager = await startManager(origin, '64M');
  try {
    await pin(manager.pid, otherCores());
    const peer = await startPeer(manager, '2G', { profile });
    await pin(peer.pid, SERVER_CORE);
    const close = async () => {
      await peer.stop();
      await manager.stop();
    };
    return { name: 'peer', pid: peer.pid, url: (path) => redirectOf(manager, path), close };
  } catch (error) {
    await manager.stop(0);
    throw error;
  }
}

/** A manager without peers, which answers by itself, on the server's core. */
export async function startManagerServer(origin: string): Promise<Server> {
  const manager = await startManager(origin, '2G');
  await pin(manager.pid, SERVER_CORE);
  const close = async () => {
    await manager.stop();
  };
  return { name: 'manager', pid: manager.pid, url: async (path) => manager.data + path, close };
}
