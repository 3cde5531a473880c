import type { Head } from '../../../src/engine/content/head.ts';
import { name128, objectId } from '../../../src/engine/content/key.ts';
import { PIECE_SIZE } from '../../../src/engine/content/piece.ts';
import { LiveHead } from '../../../src/engine/load/live-head.ts';
import type { ContentRequest } from '../../../src/engine/load/source.ts';
import { NO_LOAD, type NodeLoad, type PeerNode } from '../../../src/engine/manager/node.ts';

export const MB = 1_000_000;

/** A peer that is fit, idle and unknown, unless told otherwise. */
export function peerNode(
  id: string,
  overrides: Partial<Omit<PeerNode, 'load'>> & { load?: Partial<NodeLoad> } = {},
): PeerNode {
  const { load, ...rest } = overrides;
  const port = rest.port ?? 8001;
  const host = rest.host ?? `10.0.0.${(Number.parseInt(name128(id).slice(0, 2), 16) % 250) + 1}`;
  return {
    id,
    name: `${id}-machine`,
    host,
    port,
    tls: false,
    url: `http://${host}:${port}`,
    listensWide: true,
    loopback: false,
    capacity: 100,
    location: undefined,
    joinedAt: 0,
    load: { ...NO_LOAD, ...load },
    lastSeen: 0,
    reachable: 'yes',
    draining: false,
    paused: undefined,
    setAsideUntil: 0,
    pending: 0,
    latest: [],
    ...rest,
  };
}

export function headOf(target: string, overrides: Partial<Head> = {}): Head {
  const group = overrides.group ?? 'default';
  return {
    object: objectId({ group, target, vary: [] }),
    group,
    target,
    vary: [],
    revision: name128(`revision of ${target}`),
    status: 200,
    headers: ['Content-Type', 'application/octet-stream'],
    length: 64 * PIECE_SIZE,
    pieceSize: PIECE_SIZE,
    etag: '"v1"',
    validator: 'etag',
    ranges: true,
    fresh: 60,
    age: 0,
    rules: {
      noCache: false,
      mustRevalidate: false,
      staleWhileRevalidate: 0,
      staleIfError: undefined,
      explicit: true,
    },
    generation: 0,
    serial: 1,
    ...overrides,
  };
}

export function liveHead(target: string, overrides: Partial<Head> = {}): LiveHead {
  const head = headOf(target, overrides);
  return new LiveHead(head, 0, { signed: { payload: JSON.stringify(head), key: '', signature: '' } });
}

export function contentRequest(target: string, overrides: Partial<ContentRequest> = {}): ContentRequest {
  return {
    method: 'GET',
    group: 'default',
    target,
    headers: ['Host', 'manager:11000', 'User-Agent', 'curl/8.5.0', 'Accept', '*/*'],
    revision: undefined,
    not: [],
    client: '10.0.1.7',
    ...overrides,
  };
}

/** Numbers from 0 to 1 that look random and are the same in every run (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
