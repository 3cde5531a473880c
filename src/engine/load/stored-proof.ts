import { pieceId } from '../content/piece.ts';
import { decodeProof, type PieceProof } from '../content/signature.ts';
import type { Store } from '../store/store.ts';
import type { LiveHead } from './live-head.ts';

/** The proof of a piece that is stored; at once where it is in memory, and without reading the piece where it is on disk. */
export function storedProof(
  store: Store,
  live: LiveHead,
  index: number,
): PieceProof | undefined | Promise<PieceProof | undefined> {
  const meta = store.meta(live.dir, pieceId(live.head.revision, index));
  return meta instanceof Promise ? meta.then(proofOf) : proofOf(meta);
}

function proofOf(meta: Buffer | undefined): PieceProof | undefined {
  return meta && decodeProof(meta);
}
