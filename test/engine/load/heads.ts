import type { Head, SignedHead } from '../../../src/engine/content/head.ts';
import { objectId } from '../../../src/engine/content/key.ts';
import { PIECE_SIZE } from '../../../src/engine/content/piece.ts';
import { revisionOf } from '../../../src/engine/content/revision.ts';
import { LiveHead } from '../../../src/engine/load/live-head.ts';

/** A head with sensible fields but for those that matter to a test. */
export function makeHead(fields: Partial<Head> = {}): Head {
  const group = fields.group ?? 'default';
  const target = fields.target ?? '/file';
  const vary = fields.vary ?? [];
  const object = objectId({ group, target, vary });
  const etag = fields.etag ?? '"one"';
  const generation = fields.generation ?? 0;
  return {
    object,
    group,
    target,
    vary,
    revision: revisionOf({ object, encoding: '', generation, validator: { kind: 'etag', etag } }),
    status: 200,
    headers: ['Content-Type', 'application/octet-stream', 'ETag', etag, 'Date', 'Thu, 01 Jan 2026 00:00:00 GMT'],
    length: 3 * PIECE_SIZE,
    pieceSize: PIECE_SIZE,
    etag,
    validator: 'etag',
    ranges: true,
    fresh: 60,
    age: 0,
    rules: { noCache: false, mustRevalidate: false, staleWhileRevalidate: 0, staleIfError: undefined, explicit: true },
    generation,
    serial: 1,
    ...fields,
  };
}

const UNSIGNED: SignedHead = { payload: '', key: '', signature: '' };

/** The same, live from a moment of the monotonic clock on. */
export function makeLive(fields: Partial<Head> = {}, receivedAt = 0): LiveHead {
  return new LiveHead(makeHead(fields), receivedAt, { signed: UNSIGNED });
}
