import { setTimeout as sleep } from 'node:timers/promises';
import { asPotluckError, type PotluckError } from '../base/errors.ts';
import type { Service } from '../base/lifecycle.ts';
import type { PieceName } from '../load/cluster.ts';
import type { PeerMessage, Purge, Welcome } from '../protocol/messages.ts';
import { CLOSE_GOING_AWAY } from '../protocol/wire.ts';
import type { AccessBatch } from './access-report.ts';
import { Backoff } from './backoff.ts';
import { firstThatJoins, isPassing } from './candidates.ts';
import { type PeerHealth, peerHealth } from './health.ts';
import { type Hearing, hear } from './hear.ts';
import { Heartbeat } from './heartbeat.ts';
import type { Joined, ManagerWire } from './join.ts';
import { accessMessages, headMessages } from './reporting.ts';
import type { PeerSessionCollaborators, PeerSessionOptions } from './session-parts.ts';
import { Standing } from './standing.ts';

/** What is to be told waits so long for more of it, milliseconds. */
const BATCH = 200;
/** At the start a manager that does not answer is given this long, milliseconds: both may have been started together. */
const FIRST_JOIN = 3000;
/** The manager has this long to acknowledge that a peer leaves, milliseconds. */
const DRAIN_PATIENCE = 2000;
/** Milliseconds for a goodbye to get out. */
const BYE_PATIENCE = 50;
/** Pieces that wait to be announced at most. */
const ANNOUNCED_AT_ONCE = 5000;
/** Why there is no session after a goodbye. */
const RESTING = 'it has said goodbye: the machine sleeps or stops';

/**
 * A peer's session with its manager: joined once at the start, then kept, and joined again whenever it is lost, until it is closed.
 * It only ever returns to the manager with the key that it joined first: what is held was signed by that one.
 */
export class PeerSession implements Service {
  readonly #with: PeerSessionCollaborators;
  readonly #options: PeerSessionOptions;
  readonly #life = new AbortController();
  readonly #backoff = new Backoff();
  readonly #standing = new Standing();
  readonly #hearing: Hearing;
  readonly #heartbeat: Heartbeat;
  #wire: ManagerWire | undefined;
  #healthKey: string | undefined;
  #fingerprint: string | undefined;
  #purged: number | undefined;
  /** Ends the search for a session, while there is one. */
  #seeking: AbortController | undefined;
  /** It has said goodbye and seeks no session. */
  #resting = false;
  #draining = false;
  #onDrained: (() => void) | undefined;
  /** Armed while something waits in the outbox, and only then: a peer that rests should not wake its machine. */
  #sending: NodeJS.Timeout | undefined;

  constructor(collaborators: PeerSessionCollaborators, options: PeerSessionOptions = {}) {
    this.#with = collaborators;
    this.#options = options;
    const report = () => this.report();
    this.#heartbeat = new Heartbeat({ clock: collaborators.clock, report }, { silence: options.managerSilence });
    this.#hearing = {
      membership: collaborators.membership,
      observer: collaborators.observer,
      purge: (purge) => this.#purge(purge),
      drained: () => this.#onDrained?.(),
      reached: (reason) => this.#setReach(reason),
    };
    collaborators.outbox.onNews = () => this.#sendSoon();
  }

  /**
   * Joins for the first time. Rejects with what the person must know: the manager unreachable, its key changed, the join refused, no
   * manager found. After this it reconnects by itself. With `persist` it only begins to try; what becomes of it is seen in `standing`.
   */
  async start(options: { signal?: AbortSignal } = {}): Promise<void> {
    if (this.#options.persist === true) void this.#seek(0);
    else await this.#joinOrFail(options.signal);
  }

  async #joinOrFail(given: AbortSignal | undefined): Promise<void> {
    const signal = given === undefined ? this.#life.signal : AbortSignal.any([this.#life.signal, given]);
    const end = this.#with.clock.monotonic() + (this.#options.firstJoin ?? FIRST_JOIN);
    for (;;) {
      try {
        this.#begin(await this.#tryToJoin(signal));
        return;
      } catch (error) {
        const wait = this.#backoff.failed(false);
        const known = asPotluckError(error);
        if (signal.aborted || !isPassing(known) || this.#with.clock.monotonic() + wait > end) throw error;
        await sleep(wait, undefined, { signal });
      }
    }
  }

  /** How it stands with the manager. */
  get standing(): Readonly<Pick<Standing, 'connected' | 'fresh' | 'reachable' | 'trouble' | 'error'>> {
    return this.#standing;
  }

  /** Why there is no full session, in words: not connected, or not reachable; undefined where all is well. */
  get trouble(): string | undefined {
    return this.#standing.trouble;
  }

  /** Sends a message; false where there is no session. */
  send(message: PeerMessage): boolean {
    return this.#wire?.send(message) ?? false;
  }

  /** Sends a batch of access lines; false where there is no session. */
  access(batch: AccessBatch): boolean {
    if (this.#wire === undefined) return false;
    return accessMessages(batch).every((message) => this.send(message));
  }

  /** What to answer at HEALTH_PATH; `query` is the part behind the question mark. */
  health(query: string): PeerHealth {
    return peerHealth({ id: this.#with.membership.self, healthKey: this.#healthKey }, query);
  }

  /** Sends the load now, as when the peer begins or ends to hold back. */
  report(): void {
    const { load, paused } = this.#with.collect();
    const time = this.#with.clock.now();
    this.send({ type: 'stats', time, load, ...(paused === undefined ? {} : { paused: paused.slice(0, 1000) }) });
  }

  /**
   * Announces that this peer leaves: resolves when the manager has taken it out of rotation and ring, or cannot be asked. The session goes
   * on, so that members can still find it. Idempotent.
   */
  async drain(): Promise<void> {
    if (this.#draining) return;
    this.#draining = true;
    const acknowledged = new Promise<void>((resolve) => {
      this.#onDrained = resolve;
    });
    if (!this.send({ type: 'drain' })) return;
    await Promise.race([acknowledged, sleep(DRAIN_PATIENCE, undefined, { ref: false })]);
  }

  /**
   * Says goodbye and drops the session at once, nothing of it later: a machine that is about to sleep or stop gives no more time. What the
   * kernel takes of the goodbye in that moment it sends by itself. No session is sought until `rejoin`.
   */
  goodbye(): void {
    if (this.#life.signal.aborted || this.#resting) return;
    this.#resting = true;
    this.#seeking?.abort();
    const wire = this.#wire;
    wire?.send({ type: 'bye', reason: 'the machine sleeps or stops' });
    wire?.drop(RESTING);
    this.#standing.lost(RESTING);
    this.#with.observer.changed?.();
  }

  /** Seeks a session at once where there is none: the machine is awake again. */
  rejoin(): void {
    if (this.#life.signal.aborted) return;
    this.#resting = false;
    this.#backoff.succeeded();
    if (this.#wire === undefined) void this.#seek(0);
  }

  /** Says goodbye and ends the session. Idempotent. */
  async close(): Promise<void> {
    if (this.#life.signal.aborted) return;
    this.#heartbeat.stop();
    clearTimeout(this.#sending);
    const wire = this.#wire;
    this.#life.abort(new DOMException('the session is closed', 'AbortError'));
    if (wire === undefined) return;
    for (const message of this.#with.outbox.take()) wire.send(message);
    wire.send({ type: 'bye', reason: 'the peer leaves' });
    wire.end('the peer leaves', CLOSE_GOING_AWAY);
    await sleep(BYE_PATIENCE);
    wire.drop('the peer leaves');
  }

  #tryToJoin(signal: AbortSignal): Promise<Joined> {
    const { identity, membership, pins, clock, whereabouts, facts } = this.#with;
    const { joinToken, sent, received } = this.#options;
    const collaborators = { identity, id: membership.self, joinToken, pins, clock, sent, received };
    const request = () => ({
      facts: facts(),
      draining: this.#draining,
      purged: (key: string) => this.#purgedUnder(key),
    });
    return firstThatJoins(whereabouts, { fingerprint: this.#fingerprint, request }, collaborators, signal);
  }

  #purgedUnder(fingerprint: string): number | undefined {
    return this.#purged ?? this.#with.purged?.(fingerprint);
  }

  #begin({ wire, url, verifier, welcome, name }: Joined): void {
    const { membership, outbox, observer, log } = this.#with;
    const anew = this.#fingerprint === undefined;
    this.#fingerprint = verifier.fingerprint;
    this.#backoff.succeeded();
    this.#standing.joined();
    this.#wire = wire;
    this.#heartbeat.start(wire);
    this.#healthKey = welcome.healthKey;
    wire.onEnd = (reason) => this.#lost(wire, reason);
    if (anew) observer.belongs?.(verifier.fingerprint);
    this.#catchUp(welcome.purges, anew ? this.#purgedUnder(verifier.fingerprint) : undefined, anew);
    membership.welcome({ url, verifier, name }, welcome);
    log.info({ manager: url, name, members: welcome.members.length }, 'joined the manager');
    observer.joined?.(welcome, { url, name });
    outbox.forgetPieces();
    this.#sendSoon(); // accusations may have waited for it
    const held = this.#with.holdings?.();
    void this.#announce(wire, held?.pieces ?? []);
    for (const message of headMessages(held?.heads ?? [])) wire.send(message);
    this.report();
    if (this.#draining) wire.send({ type: 'drain' }); // it may have begun after the hello
    wire.receive((message) => hear(message, wire, this.#hearing));
    observer.changed?.();
  }

  /** Purges that happened meanwhile take effect before anything else of the new session does. */
  #catchUp(purges: Welcome['purges'], known: number | undefined, anew: boolean): void {
    const { membership, observer } = this.#with;
    if (anew) membership.purges.reset(known ?? purges.last);
    if (purges.reset) {
      membership.purges.reset(purges.last);
      observer.reset?.();
    }
    const missed = purges.missed.filter((purge) => membership.purges.apply(purge));
    this.#purged = purges.last;
    observer.missed?.(missed, purges.last);
  }

  /** Tells the manager what is held: in turns with everything else, and no more at a time than the outbox can hold. */
  async #announce(wire: ManagerWire, pieces: Iterable<PieceName | undefined>): Promise<void> {
    const { outbox } = this.#with;
    for (const added of pieces) {
      if (added !== undefined) outbox.announce({ added });
      else await new Promise((resolve) => setImmediate(resolve));
      while (outbox.size >= ANNOUNCED_AT_ONCE && this.#wire === wire) await sleep(BATCH, undefined, { ref: false });
      if (this.#wire !== wire) return;
    }
  }

  #purge(purge: Purge): void {
    if (!this.#with.membership.purges.apply(purge)) return;
    this.#purged = purge.number;
    this.#with.observer.purge?.(purge);
  }

  #lost(wire: ManagerWire, reason: string): void {
    if (this.#wire !== wire) return;
    const { membership, observer, log } = this.#with;
    this.#wire = undefined;
    this.#heartbeat.stop();
    this.#healthKey = undefined;
    this.#standing.lost(reason);
    this.#onDrained?.();
    membership.disconnected();
    if (this.#life.signal.aborted) return;
    if (!this.#resting) log.warn({ reason }, 'the session with the manager is lost');
    observer.disconnected?.(reason);
    observer.changed?.();
    if (!this.#resting) void this.#seek(this.#backoff.failed(false));
  }

  /**
   * Until it succeeds, or is told to end: to come back to its manager is what a peer is for. Only a first join may be refused for good.
   * `wait`: milliseconds until the first try. Never rejects.
   */
  async #seek(wait: number): Promise<void> {
    this.#seeking?.abort();
    const seeking = new AbortController();
    this.#seeking = seeking;
    const signal = AbortSignal.any([this.#life.signal, seeking.signal]);
    for (let pause = wait; !signal.aborted; pause = this.#backoff.failed(false)) {
      try {
        await sleep(pause, undefined, { signal });
        const joined = await this.#tryToJoin(signal);
        if (signal.aborted) joined.wire.drop('nobody waits for it any longer');
        else this.#begin(joined);
        return;
      } catch (error) {
        if (signal.aborted || !(await this.#afterFailure(asPotluckError(error), signal))) return;
      }
    }
  }

  /**
   * Says each new kind of failure once in the log; one that will not pass by itself is tried again only now and then, or, where nothing
   * was joined yet, not at all. False: no further try.
   */
  async #afterFailure(error: PotluckError, signal: AbortSignal): Promise<boolean> {
    const { log, observer } = this.#with;
    // A manager that is away is not seen on the network either.
    const passing = isPassing(error) || error.code === 'POTLUCK_MANAGER_NOT_FOUND';
    if (this.#standing.trouble !== error.message) {
      if (passing) log.info({ reason: error.message }, 'the manager cannot be joined yet');
      else log.error({ err: error }, 'the manager cannot be joined');
    }
    this.#standing.failed(error);
    observer.trouble?.(error);
    observer.changed?.();
    if (passing) return true;
    const moved = this.#options.follows === true && error.code === 'POTLUCK_KEY_CHANGED';
    if (this.#fingerprint === undefined && !moved) {
      observer.refused?.(error);
      return false;
    }
    await sleep(this.#backoff.failed(true), undefined, { signal }).catch(() => undefined);
    return true;
  }

  #setReach(reason: string | undefined): void {
    const { observer, log } = this.#with;
    this.#standing.reached(reason);
    observer.changed?.();
    if (reason === undefined) {
      observer.reachable?.();
      return;
    }
    log.warn({ reason }, 'this peer gets no downloads: the manager cannot reach it');
    observer.unreachable?.(reason);
  }

  /** Without a session everything waits for the next one. */
  #sendSoon(): void {
    if (this.#wire === undefined || this.#life.signal.aborted) return;
    this.#sending ??= setTimeout(() => {
      this.#sending = undefined;
      const wire = this.#wire;
      if (wire !== undefined) for (const message of this.#with.outbox.take()) wire.send(message);
    }, BATCH).unref();
  }
}
