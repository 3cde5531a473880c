import { asPotluckError, isAbort, PotluckError } from '../../engine/base/errors.ts';
import { KeyChangedError } from '../../engine/base/key-changed.ts';
import type { Log } from '../../engine/base/log.ts';
import type { FaceOptions } from '../../engine/base/running.ts';
import type { HoldReason, KeyChange, PeerSnapshot, RunningPeer } from '../../engine/base/running-peer.ts';
import type { PeerSettings } from '../../engine/base/settings.ts';
import type { AppState, Problem } from '../../engine/protocol/desktop.ts';
import { engineSettings, type Grants, type JoinRequest } from './engine-settings.ts';

/** Ports that are tried, from the usual one on. */
const PORTS_TRIED = 20;
/** What the person can do something about by choosing another manager or token; everything else is a failure of the engine. */
const OF_THE_JOIN: ReadonlySet<string> = new Set([
  'POTLUCK_MANAGER_UNREACHABLE',
  'POTLUCK_MANAGER_NOT_FOUND',
  'POTLUCK_KEY_CHANGED',
  'POTLUCK_JOIN_REFUSED',
  'POTLUCK_VERSION_MISMATCH',
]);

/** What is wanted of the peer, whenever there is one. */
export interface Wanted extends Grants {
  readonly holds: ReadonlySet<HoldReason>;
}

/** Where the engine stands. */
export interface EngineView {
  readonly app: AppState;
  readonly problem: Problem | null;
  readonly peer: PeerSnapshot | null;
  readonly keyChange: KeyChange | null;
}

export interface EngineCollaborators {
  readonly startPeer: (settings: PeerSettings, options: FaceOptions) => Promise<RunningPeer>;
  readonly log: Log;
  /** State, holds, trouble, manager or the number of downloads have changed. */
  readonly changed: () => void;
  /** A peer has begun: its sums begin at nothing. */
  readonly began: () => void;
  /** A peer is closed; its last sums are in the snapshot. */
  readonly released: (last: PeerSnapshot) => void;
  /** A peer has ended although nobody here asked for it: it failed, or the manager's administrator took it out. */
  readonly ended: (view: EngineView) => void;
  /** The usual port was taken; this one is used from now on. */
  readonly portChanged: (port: number) => void;
}

export interface EngineOptions {
  /** The engine's state folder. */
  readonly state: string;
  readonly port: () => number;
  readonly cacheFolder: () => string;
}

/** The peer inside the app: started, watched, closed when it fails, and started again. One at a time. */
export class Engine {
  readonly #with: EngineCollaborators;
  readonly #options: EngineOptions;
  #peer: RunningPeer | undefined;
  #starting: AbortController | undefined;
  #settled: Promise<void> = Promise.resolve();
  #request: JoinRequest | undefined;
  #wanted: Wanted;
  #held = new Set<HoldReason>();
  /** Peers that were asked to end. */
  readonly #asked = new WeakSet<RunningPeer>();
  #problem: Problem | null = null;
  #failed = false;
  #keyChange: KeyChange | null = null;

  constructor(collaborators: EngineCollaborators, options: EngineOptions, wanted: Wanted) {
    this.#with = collaborators;
    this.#options = options;
    this.#wanted = wanted;
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
    return this.#peer === undefined && this.#starting === undefined ? undefined : this.#request?.url;
  }

  /** Shows why an earlier run ended, or what came of a link, until the next join. */
  show(problem: Problem | null): void {
    this.#problem = problem;
    this.#with.changed();
  }

  /**
   * Joins a manager, after leaving the one that is joined. Rejects with what kept it from that, which is shown as well: POTLUCK_MANAGER_UNREACHABLE,
   * POTLUCK_KEY_CHANGED, POTLUCK_JOIN_REFUSED and so on; a join that was given up for another resolves. `keepProblem`: what is shown stays, as
   * why the last run ended when the app has joined by itself.
   */
  async join(request: JoinRequest, options: { keepProblem?: boolean } = {}): Promise<void> {
    await this.close();
    const starting = new AbortController();
    this.#request = request;
    this.#starting = starting;
    if (options.keepProblem !== true) this.#problem = null;
    this.#failed = false;
    this.#keyChange = null;
    const start = this.#start(request, starting.signal).finally(() => {
      if (this.#starting === starting) this.#starting = undefined;
      this.#with.changed();
    });
    this.#settled = start.catch(() => undefined);
    this.#with.changed();
    await start;
  }

  /** Starts the engine again as it was started last. */
  async restart(): Promise<void> {
    if (this.#request !== undefined) await this.join({ ...this.#request, persist: true });
  }

  /** Leaves when the running downloads have finished. Resolves after that, or when something else has ended the peer. */
  async drain(): Promise<void> {
    const peer = this.#peer;
    if (peer === undefined) return this.close();
    this.#asked.add(peer);
    const drained = peer.drain();
    this.#with.changed();
    await drained;
  }

  /** Leaves now, with a goodbye. Idempotent. */
  async close(): Promise<void> {
    this.#starting?.abort(new DOMException('not wanted any more', 'AbortError'));
    await this.#settled;
    const peer = this.#peer;
    if (peer === undefined) return;
    this.#asked.add(peer);
    await peer.close();
    await peer.done.catch(() => undefined); // whoever watches it has said why
    this.#release(peer);
  }

  /** The machine sleeps or stops: the manager is told, synchronously. */
  goodbye(): void {
    this.#peer?.goodbye();
  }

  /** The machine is awake again. */
  rejoin(): void {
    this.#peer?.rejoin();
  }

  /** Takes effect at once, and holds for every later peer. Rejects with what the engine cannot do. */
  async want(wanted: Wanted): Promise<void> {
    const before = this.#wanted;
    this.#wanted = wanted;
    const peer = this.#peer;
    if (peer === undefined) return;
    this.#applyHolds(peer);
    const { holds: _holds, ...grants } = wanted;
    const changes = Object.fromEntries(
      Object.entries(grants).filter(([name, value]) => before[name as keyof Grants] !== value),
    );
    if (Object.keys(changes).length > 0) await peer.change(changes);
  }

  async #start(request: JoinRequest, signal: AbortSignal): Promise<void> {
    try {
      const peer = await this.#startOnFreePort(request, signal);
      this.#peer = peer;
      this.#held = new Set();
      this.#applyHolds(peer);
      this.#with.began();
      this.#watch(peer);
    } catch (error) {
      if (signal.aborted && (isAbort(error) || error === signal.reason)) return;
      this.#fail(error);
      throw error;
    }
  }

  /** The data port and the control port above it must be free; the next pair is taken where they are not. */
  async #startOnFreePort(request: JoinRequest, signal: AbortSignal): Promise<RunningPeer> {
    const first = this.#options.port();
    for (let port = first; ; port++) {
      try {
        const peer = await this.#startOn(port, request, signal);
        if (port !== first) this.#with.portChanged(port);
        return peer;
      } catch (error) {
        const taken = error instanceof PotluckError && error.code === 'POTLUCK_PORT_IN_USE';
        if (!taken || port >= Math.min(first + PORTS_TRIED, 65_534)) throw error;
        this.#with.log.info({ port }, 'the port is taken, the next one is tried');
      }
    }
  }

  #startOn(port: number, request: JoinRequest, signal: AbortSignal): Promise<RunningPeer> {
    const { state, cacheFolder } = this.#options;
    const settings = engineSettings(request, { state, port, grants: this.#wanted, cacheFolder: cacheFolder() });
    return this.#with.startPeer(settings, { log: this.#with.log, access: { record: () => undefined }, signal });
  }

  #applyHolds(peer: RunningPeer): void {
    const { holds } = this.#wanted;
    for (const reason of this.#held) if (!holds.has(reason)) peer.hold(reason, false);
    for (const reason of holds) if (!this.#held.has(reason)) peer.hold(reason, true);
    this.#held = new Set(holds);
  }

  #watch(peer: RunningPeer): void {
    const unsubscribe = peer.subscribe(() => this.#with.changed());
    const end = () => {
      unsubscribe();
      this.#release(peer);
      if (!this.#asked.has(peer)) this.#with.ended(this.view);
      this.#with.changed();
    };
    peer.done.then(end, (error: unknown) => {
      if (!this.#asked.has(peer)) this.#fail(error);
      end();
    });
  }

  #release(peer: RunningPeer): void {
    if (this.#peer !== peer) return;
    this.#peer = undefined;
    this.#with.released(peer.snapshot());
  }

  #fail(error: unknown): void {
    const known = asPotluckError(error);
    this.#problem = { code: known.code, message: messageOf(known) };
    this.#failed = !OF_THE_JOIN.has(known.code);
    if (error instanceof KeyChangedError) this.#keyChange = error.details;
    this.#with.log.error({ err: error }, this.#failed ? 'the engine has failed' : 'the manager was not joined');
  }

  #appState(peer: PeerSnapshot | null): AppState {
    if (peer !== null && peer.state !== 'ended') return peer.state;
    if (this.#starting !== undefined) return 'joining';
    return this.#failed ? 'failed' : 'idle';
  }
}

/** Of something unforeseen the cause says more than the table does. */
function messageOf(error: PotluckError): string {
  const { code, cause, message } = error;
  return code === 'POTLUCK_INTERNAL' && cause instanceof Error ? `${message} (${cause.message})` : message;
}
