import { pieceId } from '../content/piece.ts';
import type { PieceName } from './cluster.ts';
import type { LiveHead } from './live-head.ts';

/** A piece that somebody waits for, or will. */
export interface Job {
  readonly live: LiveHead;
  readonly index: number;
  readonly name: PieceName;
  /** Ids of holders that were asked. */
  readonly asked: Set<string>;
  /** Holders that have not answered yet. */
  asking: number;
  /** Pieces that the reader has before it; 0: it is waited for. */
  ahead: number;
  /** To be called when the reader has come to it. */
  hurry: () => void;
}

export function jobOf(live: LiveHead, index: number, ahead = 0): Job {
  const name = { dir: live.dir, id: pieceId(live.head.revision, index) };
  return { live, index, name, asked: new Set(), asking: 0, ahead, hurry: () => undefined };
}
