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
import { onRelease, Sends } from '../load/sends.ts';
import type { MemberService } from '../serve/member-requests.ts';
import type { Entry, Store } from '../store/store.ts';

/** Sends to members at the same time: few, so that each is done soon and can be passed on by who has it then. */
const SENDS = 2;
/** Members that wait for their turn; a further one is told to look elsewhere. */
const WAITING = 2;

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
 * (design, promise 4). A busy owner names members that it gave the piece to: they have it now, and an upload of their own. One that is so
 * busy that nobody has it yet refuses: the shield has an upload, too. Whoever waits here waits for uploads, which nobody can hold for ever.
 */
export class PeerService implements MemberService {
  readonly #with: PeerServiceCollaborators;
  readonly #sends: Sends;

  constructor(collaborators: PeerServiceCollaborators) {
    this.#with = collaborators;
    this.#sends = new Sends(collaborators, { atOnce: SENDS });
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
    const ahead = query.ahead ?? 0;
    if (query.stored === true) {
      const stored = await loader.storedForMember(live, query.index, signal);
      if (stored === undefined) throw new PotluckError('POTLUCK_NOT_STORED');
      return this.#give(name, stored, member, signal, await this.#sends.turn(stored, ahead, signal));
    }
    if (query.proxied === true) return await loader.pieceForClient(live, query.index, signal);
    if (query.exhausted !== true) this.#refuseIfElsewhere(name, member);
    const exhausted = query.exhausted === true;
    const entry = await loader.pieceForMember(live, query.index, { exhausted, ahead }, signal);
    const done = await this.#sends.turn(entry, ahead, signal);
    // By now another may have it whom nobody waits for.
    const taker = this.#sends.waiting > 0 ? loader.given.name(name, member) : undefined;
    if (taker === undefined) return this.#give(name, entry, member, signal, done);
    done();
    entry.release();
    throw new ElsewhereError([taker]);
  }

  #refuseIfElsewhere(name: PieceName, member: string): void {
    const { loader, store } = this.#with;
    const takers = loader.given.takers(name, member);
    // Dropped here, but others took it: they are nearer than the origin.
    if (takers.length > 0 && !store.has(name.dir, name.id)) throw new ElsewhereError(takers);
    if (this.#sends.waiting < WAITING) return;
    const taker = loader.given.name(name, member);
    throw taker === undefined ? new PotluckError('POTLUCK_BUSY') : new ElsewhereError([taker]);
  }

  /** The entry, whose turn is over when the connection lets go of it. */
  #give(name: PieceName, entry: Entry, member: string, signal: AbortSignal, done: () => void): Entry {
    return onRelease(entry, () => {
      done();
      if (!signal.aborted) this.#with.loader.given.record(name, member);
    });
  }
}
