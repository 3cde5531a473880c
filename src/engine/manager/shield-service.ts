import type { IncomingMessage } from 'node:http';
import type { Clock } from '../base/clock.ts';
import { PotluckError } from '../base/errors.ts';
import type { Head } from '../content/head.ts';
import { pieceId } from '../content/piece.ts';
import type { Verifier } from '../content/signature.ts';
import { parseTarget } from '../content/target.ts';
import type { Locations, ShieldAccess } from '../load/cluster.ts';
import type { LiveHead } from '../load/live-head.ts';
import { ElsewhereError, type HeadAnswer, type HeadQuery, type PieceQuery } from '../load/members.ts';
import { onRelease, Sends } from '../load/sends.ts';
import type { Shield } from '../load/shield.ts';
import type { TicketChecker } from '../protocol/ticket.ts';
import type { MemberService } from '../serve/member-requests.ts';
import type { Entry, Store } from '../store/store.ts';

export interface ShieldServiceCollaborators {
  readonly shield: Shield;
  readonly store: Store;
  readonly locations: Locations;
  readonly verifier: Verifier;
  readonly tickets: TicketChecker;
  readonly clock: Clock;
}

/** Pieces on their way to members at once: enough to keep a link busy. */
const SENDS = 4;
/**
 * Who wants what another member has yields to whom nobody else could give it: the first to have a piece gives it to others. As many pieces that
 * its reader has before it.
 */
const YIELDS = 8;

/** One piece that somebody wants of the shield. `member`: who, if it is another machine. */
interface Wish {
  readonly index: number;
  readonly exhausted: boolean;
  readonly member: string | undefined;
}

/**
 * The shield as members and the manager's own loader meet it: from its store; else, where members hold the piece, their names;
 * else from the origin. It waits for no peer: who asks is sent there, and comes back saying that they were asked in vain.
 */
export class ShieldService implements MemberService {
  /** For the manager's own loader. */
  readonly own: ShieldAccess = {
    piece: (live, index, { exhausted }, signal) => this.#piece(live, { index, exhausted, member: undefined }, signal),
  };
  readonly #sends: Sends;
  readonly #with: ShieldServiceCollaborators;

  constructor(collaborators: ShieldServiceCollaborators) {
    this.#with = collaborators;
    const { shield, locations, clock } = collaborators;
    this.#sends = new Sends({ clock }, { atOnce: SENDS });
    shield.heldElsewhere = (live, index) => {
      const name = { dir: live.dir, id: pieceId(live.head.revision, index) };
      return locations.holders(name, undefined).length > 0;
    };
  }

  authorise(request: IncomingMessage): string {
    const { tickets, clock } = this.#with;
    return tickets.check(request.headers.authorization, request.socket.remoteAddress, clock.now());
  }

  open(query: PieceQuery): Head {
    const head = this.#with.verifier.openHead(query.head);
    if (head === undefined) throw new PotluckError('POTLUCK_FORBIDDEN', 'the head is not signed by this manager');
    return head;
  }

  async head(query: HeadQuery, member: string, signal: AbortSignal): Promise<HeadAnswer> {
    const { shield, clock } = this.#with;
    const { target } = parseTarget(query.target);
    const { group, headers } = query;
    const request = { method: 'HEAD', group, target, headers, revision: undefined, not: [], client: member } as const;
    const live = await shield.headFor(request, signal);
    return live === undefined ? { pass: true } : { head: live.signedAt(clock.monotonic()) };
  }

  async piece(head: Head, query: PieceQuery, member: string, signal: AbortSignal): Promise<Entry> {
    const { shield, store, locations } = this.#with;
    const live = shield.adopt(head);
    const name = { dir: live.dir, id: pieceId(head.revision, query.index) };
    if (query.stored === true) {
      const stored = await store.read(name.dir, name.id, 'member', signal);
      if (stored === undefined) throw new PotluckError('POTLUCK_NOT_STORED');
      return stored;
    }
    const entry = await this.#piece(live, { index: query.index, exhausted: query.exhausted === true, member }, signal);
    const held = locations.holders(name, member).length > 0;
    locations.given(name, member);
    return onRelease(entry, await this.#sends.turn(entry, (query.ahead ?? 0) + (held ? YIELDS : 0), signal));
  }

  async #piece(live: LiveHead, wish: Wish, signal: AbortSignal): Promise<Entry> {
    const { shield, store, locations } = this.#with;
    const name = { dir: live.dir, id: pieceId(live.head.revision, wish.index) };
    // Read rather than looked for: what is evicted between a look and the flight would be fetched again.
    const stored = await store.read(name.dir, name.id, 'member', signal);
    if (stored !== undefined) return stored;
    // What is on its way already costs the origin nothing more.
    if (!wish.exhausted && !shield.pieces.has(live, wish.index)) {
      const holders = locations.holders(name, wish.member);
      if (holders.length > 0) throw new ElsewhereError(holders);
    }
    return shield.pieces.piece(live, wish.index, signal);
  }
}
