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
    dispose: (proofs) => {
      this.#size -= proofs.size;
    },
  });
  readonly #max: number;
  #size = 0;

  constructor(options: { max?: number } = {}) {
    this.#max = options.max ?? MAX_PROOFS;
  }

  /** Proofs that are remembered. */
  get size(): number {
    return this.#size;
  }

  record(revision: string, index: number, proof: PieceProof): void {
    let proofs = this.#byRevision.get(revision);
    if (proofs === undefined) {
      proofs = new Map();
      this.#byRevision.set(revision, proofs);
    }
    if (!proofs.has(index)) this.#size++;
    proofs.set(index, proof);
    if (this.#size > this.#max) this.#forget(proofs);
  }

  get(revision: string, index: number): PieceProof | undefined {
    return this.#byRevision.get(revision)?.get(index);
  }

  /** Room for one more: another revision goes, or, of one that alone is too large, the piece that came first. */
  #forget(latest: Map<number, PieceProof>): void {
    if (this.#byRevision.size > 1) {
      this.#byRevision.pop();
      return;
    }
    const [first] = latest.keys();
    if (first !== undefined && latest.delete(first)) this.#size--;
  }
}
