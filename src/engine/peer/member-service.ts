import type { IncomingMessage } from 'node:http';
import type { Clock } from '../base/clock.ts';
import { PotluckError } from '../base/errors.ts';
import type { Head } from '../content/head.ts';
import { pieceId } from '../content/piece.ts';
import type { Verifier } from '../content/signature.ts';
import type { PieceName } from '../load/cluster.ts';
import { LiveHead } from '../load/live-head.ts';
import type { Loader } from '../load/loader.ts';
import { ElsewhereError, type PieceQuery } from '../load/members.ts';
import type { MemberService } from '../serve/member-requests.ts';
import type { Entry, Store } from '../store/store.ts';

/** Sends of one piece to members at the same time; a further member is told who has it already. */
const SENDS_OF_A_PIECE = 2;
/** Sends to members at the same time in all. */
const SENDS = 12;

export interface PeerServiceCollaborators {
  readonly loader: Loader;
  readonly store: Store;
  readonly clock: Clock;
  /** The manager's key; throws before the first join. */
  readonly verifier: () => Verifier;
  /** Id of the member whose ticket the request carries. Throws POTLUCK_NOT_A_MEMBER. */
  readonly ticketOf: (request: IncomingMessage) => string;
}

/**
 * What a peer gives to other members: from its store, through the shield, or a refusal; it never asks another peer on a member's behalf
 * (design, promise 4). A busy owner names members that it gave the piece to: they have it now, and an upload of their own.
 */
export class PeerService implements MemberService {
  readonly #with: PeerServiceCollaborators;
  readonly #sending = new Map<string, number>();
  #sends = 0;

  constructor(collaborators: PeerServiceCollaborators) {
    this.#with = collaborators;
  }

  authorise(request: IncomingMessage): string {
    return this.#with.ticketOf(request);
  }

  open(query: PieceQuery): Head {
    const head = this.#with.verifier().openHead(query.head);
    if (head === undefined) throw new PotluckError('POTLUCK_FORBIDDEN', 'the head is not signed by our manager');
    return head;
  }

  async piece(head: Head, query: PieceQuery, member: string, signal: AbortSignal): Promise<Entry> {
    const { loader, clock } = this.#with;
    // Freshness is of no matter here: the pieces of a revision never change.
    const live = new LiveHead(head, clock.monotonic(), { signed: query.head });
    const name = { dir: live.dir, id: pieceId(head.revision, query.index) };
    if (query.stored === true) return this.#stored(name, member, signal);
    if (query.proxied === true) return await loader.pieceForClient(live, query.index, signal);
    this.#refuseIfElsewhere(name, query, member);
    return this.#counted(name, member, signal, () =>
      loader.pieceForMember(live, query.index, query.exhausted === true, signal),
    );
  }

  async #stored(name: PieceName, member: string, signal: AbortSignal): Promise<Entry> {
    const entry = await this.#with.store.read(name.dir, name.id, 'member', signal);
    if (entry === undefined) throw new PotluckError('POTLUCK_NOT_STORED');
    this.#with.loader.given.record(name, member);
    return entry;
  }

  #refuseIfElsewhere(name: PieceName, query: PieceQuery, member: string): void {
    if (query.exhausted === true) return;
    const { loader, store } = this.#with;
    const takers = loader.given.takers(name, member);
    if (takers.length === 0) return;
    const busy = this.#sends >= SENDS || (this.#sending.get(name.dir + name.id) ?? 0) >= SENDS_OF_A_PIECE;
    // Dropped here, but others took it: they are nearer than the origin.
    if (busy || !store.has(name.dir, name.id)) throw new ElsewhereError(takers);
  }

  /** Counts the send from now until the connection lets go of it; the piece counts as given once it is at hand. */
  async #counted(name: PieceName, member: string, signal: AbortSignal, load: () => Promise<Entry>): Promise<Entry> {
    const key = name.dir + name.id;
    this.#sends++;
    this.#sending.set(key, (this.#sending.get(key) ?? 0) + 1);
    const done = () => {
      this.#sends--;
      const left = (this.#sending.get(key) ?? 1) - 1;
      if (left > 0) this.#sending.set(key, left);
      else this.#sending.delete(key);
    };
    try {
      const entry = await load();
      return onRelease(entry, () => {
        done();
        if (!signal.aborted) this.#with.loader.given.record(name, member);
      });
    } catch (error) {
      done();
      throw error;
    }
  }
}

/** The entry, with a call when its holder lets go of it for the first time. */
function onRelease(entry: Entry, then: () => void): Entry {
  let told = false;
  return {
    bytes: entry.bytes,
    meta: entry.meta,
    retain() {
      entry.retain();
      return this;
    },
    release(abandoned) {
      entry.release(abandoned);
      if (!told) then();
      told = true;
    },
  };
}
