import { LRUCache } from 'lru-cache';
import type { PieceProof } from '../content/signature.ts';

/** Proofs that are remembered in all; one is about 300 bytes. */
const MAX_PROOFS = 100_000;

/**
 * Proofs of the pieces that came through the shield, kept longer than the bytes: for those who verify a download afterwards, and for
 * the audit, which must know what is true. The revision that was used least recently is forgotten first.
 */
export class ProofBook {
  readonly #byRevision = new LRUCache<string, Map<number, PieceProof>>({
    max: MAX_PROOFS,
    maxSize: MAX_PROOFS,
    sizeCalculation: (proofs) => proofs.size + 1,
  });

  record(revision: string, index: number, proof: PieceProof): void {
    const proofs = this.#byRevision.get(revision) ?? new Map<number, PieceProof>();
    proofs.set(index, proof);
    this.#byRevision.set(revision, proofs); // set again, so that its size is counted anew
  }

  get(revision: string, index: number): PieceProof | undefined {
    return this.#byRevision.get(revision)?.get(index);
  }
}
