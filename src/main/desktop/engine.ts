import { asPotluckError, type PotluckError } from '../../engine/base/errors.ts';
import { KeyChangedError } from '../../engine/base/key-changed.ts';
import type { Log } from '../../engine/base/log.ts';
import type { KeyChange, PeerOptions, PeerSnapshot, RunningPeer } from '../../engine/base/running-peer.ts';
import type { NetworkChoice, PeerSettings } from '../../engine/base/settings.ts';
import type { AppState, Problem } from '../../engine/protocol/desktop.ts';
import { unlessAborted } from './abortable.ts';
import { engineSettings, type JoinRequest } from './engine-settings.ts';
import { onFreePort } from './free-port.ts';
import { Orders, type Wanted } from './orders.ts';

/** What the person can do something about by choosing another manager or token; everything else is a failure of the engine. */
const OF_THE_JOIN: ReadonlySet<string> = new Set([
  'POTLUCK_MANAGER_UNREACHABLE',
  'POTLUCK_MANAGER_NOT_FOUND',
  'POTLUCK_KEY_CHANGED',
  'POTLUCK_JOIN_REFUSED',
  'POTLUCK_VERSION_MISMATCH',
]);

/** Where the engine stands. */
export interface EngineView {
  readonly app: AppState;
  readonly problem: Problem | null;
  readonly peer: PeerSnapshot | null;
  readonly keyChange: KeyChange | null;
}

/** The manager that a join has led to, where there is one already. */
export type JoinedManager = PeerSnapshot['manager'];

export interface EngineCollaborators {
  readonly startPeer: (settings: PeerSettings, options: PeerOptions) => Promise<RunningPeer>;
  readonly log: Log;
  /** Resolves when what is wanted is known as well as it will be: nothing is shared before that. Never rejects. */
  readonly ready: (request: JoinRequest, signal: AbortSignal) => Promise<void>;
  /** State, holds, trouble, manager or the number of downloads have changed. */
  readonly changed: () => void;
  /** A peer has begun: its sums begin at nothing. */
  readonly began: () => void;
  /** A peer is closed; its last sums are in the snapshot. */
  readonly released: (last: PeerSnapshot) => void;
  /** A peer has ended although nobody here asked for it: with the error, or because the manager's administrator took it out. */
  readonly ended: (error?: unknown) => void;
  /** The usual port was taken; this one is used from now on. */
  readonly portChanged: (port: number) => void;
}

export interface EngineOptions {
  /** The engine's state folder. */
  readonly state: string;
  readonly port: () => number;
  readonly cacheFolder: () => string;
  /** Where a manager that moved is looked for. */
  readonly networks: NetworkChoice;
}

/** The peer inside the app: started, watched, closed when it fails, and started again. One at a time, and the last wish counts. */
export class Engine {
  readonly #with: EngineCollaborators;
  readonly #options: EngineOptions;
  readonly #orders: Orders;
  #peer: RunningPeer | undefined;
  /** The join that is wished for, until it has come about or failed; aborted when something else is wished. */
  #joining: AbortController | undefined;
  /** Wishes are carried out one after the other: none begins while another's peer is opened or closed. */
  #turn: Promise<unknown> = Promise.resolve();
  /** A peer that is being opened. */
  #opening: Promise<unknown> | undefined;
  #request: JoinRequest | undefined;
  /** Peers that were asked to end. */
  readonly #asked = new WeakSet<RunningPeer>();
  #problem: Problem | null = null;
  #failed = false;
  #keyChange: KeyChange | null = null;
  #over = false;
  /** The machine went to sleep since the last wish: a peer that was being opened goes to rest as well. */
  #resting = false;

  constructor(collaborators: EngineCollaborators, options: EngineOptions, wanted: Wanted) {
    this.#with = collaborators;
    this.#options = options;
    this.#orders = new Orders(wanted);
  }

  get view(): EngineView {
    const peer = this.#peer?.snapshot() ?? null;
    const keyChange = this.#keyChange ?? peer?.keyChange ?? null;
    return { app: this.#appState(peer), problem: this.#problem, peer, keyChange };
  }

  /** The peer that runs; undefined while there is none. */
  get peer(): RunningPeer | undefined {
    return this.#peer;
  }

  /** Base URL of the manager that is joined or being joined. */
  get manager(): string | undefined {
    if (this.#peer === undefined && this.#joining === undefined) return undefined;
    return this.#peer?.snapshot().manager?.url ?? this.#request?.url;
  }

  /** Shows why an earlier run ended, or what came of a link, until the next join; null: it was read. */
  show(problem: Problem | null): void {
    // Why the engine stands still is what the person needs to know; a link that somebody sends must not take its place.
    if (!this.#failed) this.#problem = problem;
    this.#with.changed();
  }

  /**
   * Joins a manager, after leaving the one that is joined. Answers the manager; null where the join was given up for another wish, or goes on
   * in the background (`persist`). Rejects with what kept it from that, which is shown as well: POTLUCK_MANAGER_UNREACHABLE,
   * POTLUCK_KEY_CHANGED, POTLUCK_JOIN_REFUSED and so on. A `request` that is a function is called when no peer runs. `keepProblem`: what is shown
   * stays, as why the last run ended when the app has joined by itself.
   */
  async join(
    request: JoinRequest | (() => Promise<JoinRequest>),
    options: { keepProblem?: boolean } = {},
  ): Promise<JoinedManager> {
    this.#giveUp();
    if (this.#over) return null;
    const joining = new AbortController();
    this.#joining = joining;
    this.#resting = false;
    if (options.keepProblem !== true) this.#problem = null;
    this.#failed = false;
    this.#keyChange = null;
    this.#with.changed();
    try {
      return await this.inTurn(() => this.#joinNow(request, joining.signal));
    } finally {
      if (this.#joining === joining) this.#joining = undefined;
      this.#with.changed();
    }
  }

  /** Starts the engine again as it was started last. */
  async restart(): Promise<void> {
    const last = () => ({ ...(this.#request as JoinRequest), persist: true });
    if (this.#request !== undefined) await this.join(() => Promise.resolve(last()));
  }

  /** Starts again what runs, because it can have a change only so. Nothing where nothing runs, or where it leaves. */
  async renew(): Promise<void> {
    await this.#turn;
    if (this.#peer !== undefined && !this.#asked.has(this.#peer)) await this.restart();
  }

  /** Leaves when the running downloads have finished. Resolves after that, or when something else has ended the peer. */
  async drain(): Promise<void> {
    const peer = this.#peer;
    if (peer === undefined) return this.leave();
    this.#giveUp();
    this.#asked.add(peer);
    const drained = peer.drain();
    this.#with.changed();
    await drained;
  }

  /** Leaves now, with a goodbye. Idempotent. */
  leave(): Promise<void> {
    this.#giveUp();
    return this.inTurn(() => this.#end());
  }

  /** Leaves now, and joins nothing any more. Idempotent. */
  close(): Promise<void> {
    this.#over = true;
    return this.leave();
  }

  /** The machine sleeps or stops: the manager is told, synchronously. */
  goodbye(): void {
    this.#resting = true;
    this.#peer?.goodbye();
  }

  /** The machine is awake again. */
  rejoin(): void {
    this.#resting = false;
    this.#peer?.rejoin();
  }

  /** Takes effect at once, and holds for every later peer. Rejects with what the engine cannot do. */
  async want(wanted: Wanted): Promise<void> {
    this.#orders.wanted = wanted;
    if (this.#peer !== undefined) this.#orders.hold(this.#peer);
    await this.#opening; // it may have begun with what was wanted before
    if (this.#peer !== undefined) await this.#orders.grant(this.#peer);
  }

  /** Does something while no peer is opened or closed. Comes to what that comes to. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined); // whoever wished it is told
    return done;
  }

  #giveUp(): void {
    this.#joining?.abort(new DOMException('not wanted any more', 'AbortError'));
    this.#joining = undefined;
  }

  async #joinNow(asked: JoinRequest | (() => Promise<JoinRequest>), signal: AbortSignal): Promise<JoinedManager> {
    if (signal.aborted) return null; // the wish in its place may be to leave warm
    await this.#end();
    let request: JoinRequest | undefined;
    try {
      if (signal.aborted) return null;
      request = typeof asked === 'function' ? await unlessAborted(asked(), signal) : asked;
      this.#request = request;
      await this.#with.ready(request, signal);
      if (signal.aborted) return null;
      const peer = await this.#open(request, signal);
      if (!signal.aborted) return this.#begin(peer);
      this.#asked.add(peer);
      await peer.close();
      return null;
    } catch (error) {
      if (signal.aborted) {
        this.#with.log.info({ reason: String(error) }, 'a join that nobody waits for any more has failed');
        return null;
      }
      this.#fail(error, request);
      throw error;
    }
  }

  #open(request: JoinRequest, signal: AbortSignal): Promise<RunningPeer> {
    const { log, portChanged } = this.#with;
    const starting = { first: this.#options.port(), start: (port: number) => this.#startOn(port, request, signal) };
    const opening = onFreePort(starting, { log, portChanged, signal }).finally(() => {
      this.#opening = undefined;
    });
    this.#opening = opening.catch(() => undefined); // whoever joins is told
    return opening;
  }

  #begin(peer: RunningPeer): JoinedManager {
    this.#peer = peer;
    this.#failed = false; // the one before may have failed while this one waited for its turn
    this.#orders.hold(peer);
    this.#with.began();
    this.#watch(peer);
    if (this.#resting) peer.goodbye();
    return peer.snapshot().manager;
  }

  /** Closes the peer that runs. Never rejects: what could not be closed is logged, and the next start says whether that matters. */
  async #end(): Promise<void> {
    const peer = this.#peer;
    if (peer === undefined) return;
    this.#asked.add(peer);
    await peer.close().catch((err) => this.#with.log.error({ err }, 'the peer was not closed in order'));
    await peer.done.catch(() => undefined); // whoever watches it has said why
    this.#release(peer);
  }

  #startOn(port: number, request: JoinRequest, signal: AbortSignal): Promise<RunningPeer> {
    const { state, cacheFolder, networks } = this.#options;
    const { grants, holds } = this.#orders.first();
    const settings = engineSettings(request, { state, port, grants, networks, cacheFolder: cacheFolder() });
    return this.#with.startPeer(settings, { log: this.#with.log, access: { record: () => undefined }, signal, holds });
  }

  #watch(peer: RunningPeer): void {
    const unsubscribe = peer.subscribe(() => this.#with.changed());
    const end = (error?: unknown) => {
      unsubscribe();
      this.#release(peer);
      if (!this.#asked.has(peer)) this.#with.ended(error);
      this.#with.changed();
    };
    peer.done.then(
      () => end(),
      (error: unknown) => {
        if (!this.#asked.has(peer)) this.#fail(error, this.#request);
        end(error);
      },
    );
  }

  #release(peer: RunningPeer): void {
    if (this.#peer !== peer) return;
    this.#peer = undefined;
    const last = peer.snapshot();
    // Where it is to be found, and by which key, is known better now than when it was asked for.
    if (this.#request !== undefined && last.manager !== null) {
      const { url, fingerprint } = last.manager;
      this.#request = { ...this.#request, url, fingerprint };
    }
    this.#with.released(last);
  }

  /** `request`: what was to be joined; where it did not come to one, there is nothing that could be started again. */
  #fail(error: unknown, request: JoinRequest | undefined): void {
    const known = asPotluckError(error);
    this.#failed = request !== undefined && !OF_THE_JOIN.has(known.code);
    this.#problem = { code: known.code, message: messageOf(known), ...(this.#failed ? {} : managerOf(request)) };
    if (error instanceof KeyChangedError) this.#keyChange = error.details;
    this.#with.log.error({ err: error }, this.#failed ? 'the engine has failed' : 'the manager was not joined');
  }

  #appState(peer: PeerSnapshot | null): AppState {
    if (peer !== null && peer.state !== 'ended') return peer.state;
    if (this.#joining !== undefined) return 'joining';
    return this.#failed ? 'failed' : 'idle';
  }
}

function managerOf(request: JoinRequest | undefined): Pick<Problem, 'manager'> {
  if (request === undefined) return {};
  const { url, fingerprint } = request;
  return { manager: { url, ...(fingerprint === undefined ? {} : { fingerprint }) } };
}

/** Of something unforeseen the cause says more than the table does. */
function messageOf(error: PotluckError): string {
  const { code, cause, message } = error;
  return code === 'POTLUCK_INTERNAL' && cause instanceof Error ? `${message} (${cause.message})` : message;
}
