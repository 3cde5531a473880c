import { PotluckError } from '../base/errors.ts';
import { pieceId } from '../content/piece.ts';
import { encodeProof, type PieceProof } from '../content/signature.ts';
import type { Entry, Lease, Store } from '../store/store.ts';
import type { Cluster } from './cluster.ts';
import type { LiveHead } from './live-head.ts';

/** Where the bytes of one piece are to go. */
export interface Filling {
  readonly live: LiveHead;
  readonly index: number;
  /** Ends with this call, one way or the other. */
  readonly lease: Lease;
}

/**
 * How a piece comes in from another machine: bytes, verification, store, and only then word of it to the cluster. Rejects with what `read`
 * rejects with, or with POTLUCK_BAD_PIECE; a bad piece is never visible.
 */
export async function fillVerified(
  { store, cluster }: { store: Store; cluster: Cluster },
  { live, index, lease }: Filling,
  read: (into: Buffer) => Promise<PieceProof>,
): Promise<Entry> {
  const { head } = live;
  const name = { dir: live.dir, id: pieceId(head.revision, index) };
  let entry: Entry;
  try {
    const proof = await read(lease.buffer);
    if (!cluster.verifier.verifyPiece(head.object, head.revision, index, lease.buffer, proof))
      throw new PotluckError('POTLUCK_BAD_PIECE');
    entry = lease.commit({ ...name, meta: encodeProof(proof), keep: !isPurged(live, cluster) });
  } catch (error) {
    lease.release();
    throw error;
  }
  if (store.has(name.dir, name.id)) cluster.announce({ added: name });
  return entry;
}

/** True where something that the head belongs to was purged after the manager issued it: its bytes are not stored any more. */
export function isPurged({ head, tags }: LiveHead, cluster: Pick<Cluster, 'generation'>): boolean {
  return head.generation < cluster.generation(head.group, head.target, tags);
}
