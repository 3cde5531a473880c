import type { SignedHead } from '../content/head.ts';
import { packed } from '../protocol/frames.ts';
import { FRAME_TARGET, MAX_HEADS, MAX_LINE_TARGET, MAX_LINES } from '../protocol/limits.ts';
import type { Access, PeerMessage } from '../protocol/messages.ts';
import type { AccessLine } from '../serve/collaborators.ts';
import type { AccessBatch } from './access-report.ts';

/** Heads that a peer tells a manager that it joins. */
export const MAX_TOLD_HEADS = 5000;

/** A second's access lines as messages that fit into frames. */
export function accessMessages(batch: AccessBatch): PeerMessage[] {
  const runs = packed(batch.lines.map(wireLine), MAX_LINES, FRAME_TARGET);
  const nothing = { requests: 0, bytes: 0 };
  const more = { requests: batch.more.requests, bytes: Math.round(batch.more.bytes) };
  if (runs.length === 0) return [{ type: 'access', lines: [], more }];
  return runs.map((lines, i) => ({ type: 'access', lines, more: i === 0 ? more : nothing }));
}

/** Lines hold what clients sent: what is too long is cut, so that no request can spoil the batch. */
function wireLine(line: AccessLine): Access['lines'][number] {
  return {
    ...line,
    client: line.client.slice(0, 64),
    method: line.method.slice(0, 64),
    target: line.target.slice(0, MAX_LINE_TARGET),
    cache: line.cache.slice(0, 32),
    duration: Math.max(0, line.duration),
  };
}

/** Heads that a peer holds as messages that fit into frames. */
export function headMessages(heads: Iterable<SignedHead>): PeerMessage[] {
  const list: SignedHead[] = [];
  for (const { payload, key, signature } of heads) {
    if (list.length >= MAX_TOLD_HEADS) break;
    list.push({ payload, key, signature });
  }
  return packed(list, MAX_HEADS, FRAME_TARGET).map((run) => ({ type: 'heads', heads: run }));
}
