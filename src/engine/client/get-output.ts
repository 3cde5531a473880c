import type { PieceProof } from '../content/signature.ts';

/** Where verified pieces go. */
export interface Output {
  /** The pieces that are there already, from an earlier run. */
  readonly kept: readonly number[];
  /** Pieces from this index on cannot be taken yet; it rises as others are written. */
  readonly limit: number;
  /** Takes the bytes of a piece that has been verified, each once. Resolves when they are written or safely waiting. */
  write(index: number, bytes: Uint8Array, proof: PieceProof): Promise<void>;
  /** Everything is there: makes it final. */
  finish(): Promise<void>;
  /** The download ends early; what is there is left for a later run. True where a later run can go on from it. Never throws. */
  leave(): Promise<boolean>;
}
