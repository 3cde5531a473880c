import { hash } from 'node:crypto';

/** Bytes of a piece; the last one of an object may be shorter. */
export const PIECE_SIZE = 1024 * 1024;

/** Number of pieces of a body. An empty body has none. */
export function pieceCount(length: number, pieceSize: number): number {
  return Math.ceil(length / pieceSize);
}

/** Length in bytes of piece `index` of a body. */
export function pieceLength(length: number, pieceSize: number, index: number): number {
  return Math.max(0, Math.min(pieceSize, length - index * pieceSize));
}

/** Name of a piece within its target's directory: 96 bits of the revision, then the index. 32 hexadecimal digits. */
export function pieceId(revision: string, index: number): string {
  return revision.slice(0, 24) + (index === 0 ? '00000000' : index.toString(16).padStart(8, '0'));
}

/** SHA-256 of a piece's bytes: 64 hexadecimal digits. */
export function pieceHash(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex');
}
