import type { Clock } from '../base/clock.ts';
import { UNFIT_AFTER } from '../protocol/limits.ts';
import { loadArrived, NO_LOAD, type NodeLoad, type PeerNode } from './node.ts';

/** What a peer's session says of it, once. */
export type NewNode = Pick<
  PeerNode,
  'id' | 'name' | 'host' | 'port' | 'tls' | 'url' | 'listensWide' | 'loopback' | 'capacity' | 'location' | 'draining'
>;

/** What happened to a peer. For observers only: logs, dashboards, location tables. */
export type RegistryEvent =
  | { readonly kind: 'joined'; readonly node: PeerNode }
  | { readonly kind: 'left'; readonly node: PeerNode; readonly reason: string }
  | { readonly kind: 'reachable'; readonly node: PeerNode }
  | { readonly kind: 'unreachable'; readonly node: PeerNode; readonly reason: string }
  | { readonly kind: 'draining'; readonly node: PeerNode }
  | { readonly kind: 'paused'; readonly node: PeerNode; readonly reason: string }
  | { readonly kind: 'resumed'; readonly node: PeerNode }
  | { readonly kind: 'silent'; readonly node: PeerNode }
  | { readonly kind: 'speaking'; readonly node: PeerNode }
  | { readonly kind: 'set-aside'; readonly node: PeerNode; readonly reason: string; readonly milliseconds: number }
  | { readonly kind: 'readmitted'; readonly node: PeerNode };

/** Peers that are set aside are remembered by id for this many at most, connected or not. */
const MAX_SET_ASIDE = 10_000;
/** A tick that comes this much too late says that the manager itself stood still, not that its peers are silent. Milliseconds. */
const LATE_TICK = 1000;
/** After that they have so long to be heard: while nobody pinged them they had no reason to speak. Milliseconds. */
const HEARING = 1000;

interface SetAside {
  readonly until: number;
  readonly reason: string;
}

/**
 * The peers that have a session. It alone changes the records of nodes; whoever reads them sees the present. `fit()` is what the balancer
 * draws from: the same array until something changes, so that a redirect pays nothing for it.
 */
export class Registry {
  readonly #clock: Clock;
  readonly #nodes = new Map<string, PeerNode>();
  readonly #silent = new Set<string>();
  readonly #unreachable = new Map<string, string>();
  readonly #setAside = new Map<string, SetAside>();
  readonly #listeners = new Set<(event: RegistryEvent) => void>();
  #fit: readonly PeerNode[] = [];
  #all: readonly PeerNode[] = [];
  #lastTick: number | undefined;
  /** Until then nobody counts as silent. */
  #hearingUntil = 0;

  constructor(collaborators: { clock: Clock }) {
    this.#clock = collaborators.clock;
  }

  /** Every peer that has a session. A new array whenever one joins or leaves. */
  all(): readonly PeerNode[] {
    return this.#all;
  }

  get(id: string): PeerNode | undefined {
    return this.#nodes.get(id);
  }

  /** Peers that may be given downloads: a new array whenever they change, the same one while they do not. */
  fit(): readonly PeerNode[] {
    return this.#fit;
  }

  /** Calls `listener` with everything that happens, after it has; returns what ends that. */
  observe(listener: (event: RegistryEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A peer's session has begun. It must be checked for reachability before it is fit. One of the same id must have been removed. */
  add(given: NewNode): PeerNode {
    const now = this.#clock.monotonic();
    const node: PeerNode = {
      ...given,
      joinedAt: this.#clock.now(),
      load: NO_LOAD,
      lastSeen: now,
      reachable: 'unknown',
      paused: undefined,
      setAsideUntil: this.#setAside.get(given.id)?.until ?? 0,
      pending: 0,
      latest: [],
    };
    this.#nodes.set(node.id, node);
    this.#all = [...this.#nodes.values()];
    this.#changed({ kind: 'joined', node });
    return node;
  }

  /** A session has ended: out of everything, at once. Nothing happens where this very record is gone already. */
  remove(node: PeerNode, reason: string): void {
    if (this.#nodes.get(node.id) !== node) return;
    this.#nodes.delete(node.id);
    this.#silent.delete(node.id);
    this.#unreachable.delete(node.id);
    this.#all = [...this.#nodes.values()];
    this.#changed({ kind: 'left', node, reason });
  }

  /** The peer has said something. */
  seen(node: PeerNode): void {
    node.lastSeen = this.#clock.monotonic();
    if (this.#silent.delete(node.id)) this.#changed({ kind: 'speaking', node });
  }

  /** The peer's load of the last second; `paused` is why it holds back, where it does. */
  setLoad(node: PeerNode, load: NodeLoad, paused: string | undefined): void {
    node.load = load;
    loadArrived(node, this.#clock.monotonic());
    if (node.paused === paused) return;
    const before = node.paused;
    node.paused = paused;
    if (paused === undefined) this.#changed({ kind: 'resumed', node });
    else if (before === undefined) this.#changed({ kind: 'paused', node, reason: paused });
  }

  setReachable(node: PeerNode): void {
    if (node.reachable === 'yes') return;
    node.reachable = 'yes';
    this.#unreachable.delete(node.id);
    this.#changed({ kind: 'reachable', node });
  }

  setUnreachable(node: PeerNode, reason: string): void {
    if (this.#nodes.get(node.id) !== node) return;
    this.#unreachable.set(node.id, reason);
    if (node.reachable === 'no') return;
    node.reachable = 'no';
    this.#changed({ kind: 'unreachable', node, reason });
  }

  setDraining(node: PeerNode): void {
    if (node.draining) return;
    node.draining = true;
    this.#changed({ kind: 'draining', node });
  }

  /** Takes a peer out for so many milliseconds, also when it rejoins in the meantime. A longer time that runs already is kept. */
  setAside(id: string, milliseconds: number, reason: string): void {
    const until = this.#clock.monotonic() + milliseconds;
    if ((this.#setAside.get(id)?.until ?? 0) >= until) return;
    for (const oldest of this.#setAside.keys()) {
      if (this.#setAside.size < MAX_SET_ASIDE) break;
      this.#setAside.delete(oldest);
    }
    this.#setAside.set(id, { until, reason });
    const node = this.#nodes.get(id);
    if (node === undefined) return;
    node.setAsideUntil = until;
    this.#changed({ kind: 'set-aside', node, reason, milliseconds });
  }

  /** Whether its tickets and its pieces are to be refused for now. Also for peers without a session. */
  isSetAside(id: string): boolean {
    return (this.#setAside.get(id)?.until ?? 0) > this.#clock.monotonic();
  }

  /** True where it has not been heard of for so long that it gets no downloads. */
  isSilent(node: PeerNode): boolean {
    return this.#silent.has(node.id);
  }

  /** Why a peer gets no downloads, in words; undefined where it is fit. */
  whyNot(node: PeerNode): string | undefined {
    const aside = this.#setAside.get(node.id);
    if (aside !== undefined && node.setAsideUntil > this.#clock.monotonic()) return `set aside: ${aside.reason}`;
    if (node.draining) return 'it is leaving';
    if (node.reachable === 'no') return this.#unreachable.get(node.id) ?? 'it cannot be reached';
    if (node.reachable === 'unknown') return 'it is being checked';
    if (this.#silent.has(node.id)) return 'it has gone silent';
    return node.paused;
  }

  /** Notices what time alone brings about: silence, and the end of being set aside. Call it a few times a second. */
  tick(): void {
    const now = this.#clock.monotonic();
    if (this.#lastTick !== undefined && now - this.#lastTick > LATE_TICK) this.#hearingUntil = now + HEARING;
    this.#lastTick = now;
    this.#readmit(now);
    if (now < this.#hearingUntil) return;
    for (const node of this.#all) {
      if (now - node.lastSeen <= UNFIT_AFTER || this.#silent.has(node.id)) continue;
      this.#silent.add(node.id);
      this.#changed({ kind: 'silent', node });
    }
  }

  #readmit(now: number): void {
    for (const [id, aside] of this.#setAside) {
      if (aside.until > now) continue;
      this.#setAside.delete(id);
      const node = this.#nodes.get(id);
      if (node === undefined) continue;
      node.setAsideUntil = 0;
      this.#changed({ kind: 'readmitted', node });
    }
  }

  #isFit(node: PeerNode, now: number): boolean {
    return (
      node.reachable === 'yes' &&
      !node.draining &&
      node.paused === undefined &&
      node.setAsideUntil <= now &&
      !this.#silent.has(node.id)
    );
  }

  #changed(event: RegistryEvent): void {
    const now = this.#clock.monotonic();
    const fit = this.#all.filter((node) => this.#isFit(node, now));
    const same = fit.length === this.#fit.length && fit.every((node, i) => node === this.#fit[i]);
    if (!same) this.#fit = fit;
    for (const listener of this.#listeners) listener(event);
  }
}
