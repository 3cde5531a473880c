/** One audit: what is asked for, and which part of the answer is compared. Offsets are those of the whole object. */
export interface Probe {
  /** The piece that the answer is compared with. */
  readonly index: number;
  /** The request's Range, or undefined for a plain GET of everything. */
  readonly range: string | undefined;
  /** First byte compared. */
  readonly start: number;
  /** One behind the last byte compared: the connection is cut there. */
  readonly end: number;
}

/** The object, as far as a plan needs it. */
export interface Extent {
  readonly length: number;
  readonly pieceSize: number;
}

/** An audit reads no more than this of one answer, but for a margin: it is the volunteer's upload. */
export const MAX_READ = 2 * 1024 * 1024;

/** Longest part that is compared when not the whole piece is. */
const MAX_SLICE = 64 * 1024;

/** A range that covers a piece begins and ends up to this far from the piece's borders, so that audits are not known by their borders. */
const MARGIN = 64 * 1024;

/**
 * A random audit of an object. A third each: everything from the start, as most clients ask; from somewhere to the end, as a resumed
 * download; a range. `whole`: compares a whole piece, which finds a single wrong byte in it; else a slice of 64 KiB at most.
 */
export function planAudit(extent: Extent, whole: boolean, random: () => number): Probe {
  const shape = Math.floor(random() * 3);
  const pieces = Math.ceil(extent.length / extent.pieceSize);
  const reachable = Math.floor(MAX_READ / extent.pieceSize);
  const plain = shape === 0 && reachable > 0;
  const index = Math.floor(random() * (plain ? Math.min(pieces, reachable) : pieces));
  const part = whole ? pieceOf(extent, index) : sliceOf(extent, index, random);
  if (plain) return { index, range: undefined, ...part };
  return { index, range: rangeAround(extent, part, { whole, open: shape === 1 }, random), ...part };
}

/** The audit of one piece as a whole, by a range. */
export function planPiece(extent: Extent, index: number, random: () => number): Probe {
  const part = pieceOf(extent, index);
  return { index, range: rangeAround(extent, part, { whole: true, open: false }, random), ...part };
}

interface Part {
  readonly start: number;
  readonly end: number;
}

function pieceOf({ length, pieceSize }: Extent, index: number): Part {
  return { start: index * pieceSize, end: Math.min(length, (index + 1) * pieceSize) };
}

function sliceOf(extent: Extent, index: number, random: () => number): Part {
  const piece = pieceOf(extent, index);
  const start = piece.start + Math.floor(random() * (piece.end - piece.start));
  return { start, end: Math.min(piece.end, start + 1 + Math.floor(random() * MAX_SLICE)) };
}

function rangeAround(
  { length }: Extent,
  { start, end }: Part,
  { whole, open }: { whole: boolean; open: boolean },
  random: () => number,
): string {
  const margin = () => (whole ? Math.floor(random() * MARGIN) : 0);
  const first = Math.max(0, start - margin());
  return open ? `bytes=${first}-` : `bytes=${first}-${Math.min(length, end + margin()) - 1}`;
}
