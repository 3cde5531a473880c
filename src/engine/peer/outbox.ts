import type { PieceName } from '../load/cluster.ts';
import { MAX_HAVE } from '../protocol/limits.ts';
import type { Accuse, PeerMessage } from '../protocol/messages.ts';

/** Announcements that may wait; the oldest are forgotten beyond that: they are hints. */
const MAX_PIECES = 20_000;
/** Accusations that may wait, and that are sent in one go. */
const MAX_ACCUSATIONS = 50;

/** What a peer has to tell the manager, collected until the session sends it. */
export class Outbox {
  /** Called at everything that comes in: on the path of pieces, so it costs next to nothing and never throws. */
  onNews: () => void = () => undefined;
  /** True: came into the store; false: left it. By directory and id, the latest last. */
  readonly #pieces = new Map<string, boolean>();
  readonly #accusations = new Map<string, Accuse>();

  /** Announcements that wait. */
  get size(): number {
    return this.#pieces.size;
  }

  announce(change: { added?: PieceName; dropped?: PieceName }): void {
    if (change.added !== undefined) this.#note(change.added, true);
    if (change.dropped !== undefined) this.#note(change.dropped, false);
  }

  /** The same accusation is said once. */
  accuse(member: string, evidence: { object: string; revision: string; index: number }): void {
    const key = `${member} ${evidence.revision} ${evidence.index}`;
    if (this.#accusations.size >= MAX_ACCUSATIONS) return;
    this.#accusations.set(key, { type: 'accuse', member, ...evidence });
    this.onNews();
  }

  /** Takes out all that waits. */
  take(): PeerMessage[] {
    const messages: PeerMessage[] = [...this.#accusations.values()];
    this.#accusations.clear();
    let add: PieceName[] = [];
    let drop: PieceName[] = [];
    const flush = () => {
      if (add.length + drop.length > 0) messages.push({ type: 'have', add, drop });
      add = [];
      drop = [];
    };
    for (const [key, held] of this.#pieces) {
      (held ? add : drop).push({ dir: key.slice(0, 32), id: key.slice(32) });
      if (add.length + drop.length >= MAX_HAVE) flush();
    }
    flush();
    this.#pieces.clear();
    return messages;
  }

  /** Forgets the announcements: a manager that is joined anew is told of everything that is held. */
  forgetPieces(): void {
    this.#pieces.clear();
  }

  #note(piece: PieceName, held: boolean): void {
    const key = piece.dir + piece.id;
    this.#pieces.delete(key);
    this.#pieces.set(key, held);
    for (const oldest of this.#pieces.keys()) {
      if (this.#pieces.size <= MAX_PIECES) break;
      this.#pieces.delete(oldest);
    }
    this.onNews();
  }
}
