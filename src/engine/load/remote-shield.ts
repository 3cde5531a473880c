import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../base/clock.ts';
import { PotluckError } from '../base/errors.ts';
import { pieceLength } from '../content/piece.ts';
import type { Entry, Store } from '../store/store.ts';
import type { Cluster, PieceWish, ShieldAccess } from './cluster.ts';
import type { LiveHead } from './live-head.ts';
import { ElsewhereError, type MemberClient } from './members.ts';
import { fillVerified } from './verified-fill.ts';

/** How long a piece waits for a manager that is away, and how often it is tried meanwhile, milliseconds. */
const AWAY_PATIENCE = 15_000;
const RETRY_INTERVAL = 250;
/** What a manager that goes away makes of a request: no connection, a body that breaks off, silence. */
const AWAY = new Set(['POTLUCK_NO_MANAGER', 'POTLUCK_ORIGIN_BROKEN', 'POTLUCK_ORIGIN_TIMEOUT']);

/** The manager's shield, asked by a peer over the network. What it sends is verified like anything else. */
export class RemoteShield implements ShieldAccess {
  readonly #store: Store;
  readonly #cluster: Cluster;
  readonly #members: MemberClient;
  readonly #clock: Clock;

  constructor(collaborators: { store: Store; cluster: Cluster; members: MemberClient; clock: Clock }) {
    this.#store = collaborators.store;
    this.#cluster = collaborators.cluster;
    this.#members = collaborators.members;
    this.#clock = collaborators.clock;
  }

  /** As ShieldAccess says. A manager that has gone away is waited for: those who read meanwhile need not notice its restart. */
  async piece(live: LiveHead, index: number, wish: PieceWish, signal: AbortSignal): Promise<Entry> {
    const until = this.#clock.monotonic() + AWAY_PATIENCE;
    for (;;) {
      try {
        return await this.#ask(live, index, wish, signal);
      } catch (error) {
        if (signal.aborted || this.#clock.monotonic() >= until || !AWAY.has(codeOf(error))) throw error;
        await sleep(RETRY_INTERVAL, undefined, { signal }); // the session's end is noticed a moment after the connection's
        if (this.#cluster.connected && codeOf(error) !== 'POTLUCK_NO_MANAGER') throw error;
      }
    }
  }

  async #ask(live: LiveHead, index: number, wish: PieceWish, signal: AbortSignal): Promise<Entry> {
    const { head } = live;
    const lease = await this.#store.reserve(pieceLength(head.length, head.pieceSize, index), 'member', signal);
    const query = { head: live.signedAt(this.#clock.monotonic()), index, ...wish };
    try {
      return await fillVerified({ store: this.#store, cluster: this.#cluster }, { live, index, lease }, (into) =>
        this.#members.pieceFromShield(this.#cluster.manager, query, into, signal),
      );
    } catch (error) {
      if (signal.aborted || error instanceof PotluckError || error instanceof ElsewhereError) throw error;
      throw new PotluckError('POTLUCK_NO_MANAGER', undefined, { cause: error }); // the connection failed
    }
  }
}

function codeOf(error: unknown): string {
  return error instanceof PotluckError ? error.code : '';
}
