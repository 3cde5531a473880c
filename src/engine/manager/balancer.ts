import { type Clock, systemClock } from '../base/clock.ts';
import { headerOf } from '../content/headers.ts';
import { withParameters } from '../content/target.ts';
import type { LiveHead } from '../load/live-head.ts';
import type { ContentRequest } from '../load/source.ts';
import { GROUP_PREFIX } from '../protocol/paths.ts';
import type { Redirection, Redirector } from '../serve/collaborators.ts';
import { type PeerNode, redirected } from './node.ts';
import type { Asker } from './peer-url.ts';
import { type Candidate, Roster, type Table } from './roster.ts';
import { SpeedBook } from './speed.ts';

export interface BalancerCollaborators {
  readonly registry: {
    /** Peers that may be given downloads: a new array whenever they change, the same one while they do not. */
    fit(): readonly PeerNode[];
  };
  /** Base URL of a peer for this client, without a trailing slash; undefined where the client could not reach it. */
  readonly urlFor: (node: PeerNode, asker: Asker) => string | undefined;
  /** The ring of the moment; a new one whenever the members change. */
  readonly ring: () => PieceRing;
  /** Told of every redirect: what the audit draws its samples from. */
  readonly redirected?: (node: PeerNode, live: LiveHead, location: string) => void;
}

/** The part of the ring that is used here. */
export interface PieceRing {
  /** Ids of the first `n` owners of a key, first owner first. */
  ranked(key: string, n: number): readonly string[];
}

export interface BalancerOptions {
  readonly mode?: 'redirect' | 'proxy';
  /** Smaller objects are answered by the manager itself, bytes. */
  readonly redirectMin?: number;
  /** Location of a client that does not name its own; from the administrator's map. */
  readonly locationOf?: (clientAddress: string) => string | undefined;
  /** 0 up to 1. */
  readonly random?: () => number;
  readonly clock?: Clock;
}

const DEFAULT_GROUP = 'default';
const LOCATION_FIELD = 'x-client-location';

/** How old the speeds may be that draws are made by, milliseconds. Load and pending redirects are always those of the moment. */
const ROSTER_LIFE = 1_000;

/** Draws that are made to find two different peers before all are looked at. */
const MAX_DRAWS = 8;

/**
 * Up to so many peers all are looked at instead of two. Two choices leave some peers with one download too many, which among a handful
 * is half again as much as their share; and redirects on their way are counted here, so that news a second old does no harm.
 */
const FEW = 8;

/** Links to further peers in a redirect (RFC 6249 section 2). */
const MAX_DUPLICATES = 3;

/** A peer may hold this many times its fair share of downloads before its small objects go to the next one in the ring. */
const BOUND = 1.25;
const ROUNDING = 1e-9;

/** Owners looked at in the ring, and keys whose owners are remembered. */
const RANKED = 16;
const MAX_REMEMBERED = 4_096;

/** What the ring knows a piece by. A peer's loader uses the same, so that clients and members look for a piece in the same place. */
export function ringKey(live: LiveHead, index: number): string {
  return live.head.revision + index;
}

/**
 * Decides which peer answers a download.
 *
 * Large objects: two peers are drawn at random, each with a chance in proportion to its speed and capacity, and the one at which the
 * newcomer can expect the higher rate wins (of a handful of peers: the best of all). Two choices are enough for an exponentially better balance than one (M. Mitzenmacher,
 * "The Power of Two Choices in Randomized Load Balancing", IEEE TPDS 12(10), 2001), and unlike the best of all they do not send
 * everybody to one peer on news that is a second old.
 *
 * Small objects (one piece) stay with their owner in the ring, so that each is cached once, as long as the owner has no more than 1.25
 * times its share of downloads; then the next in the ring takes it (V. Mirrokni, M. Thorup, M. Zadimoghaddam, "Consistent Hashing with
 * Bounded Loads", SODA 2018; shares in proportion to weight).
 *
 * A client's location is a demand, not a hint among others: peers elsewhere are considered when none there can serve.
 */
export class Balancer implements Redirector {
  readonly #registry: BalancerCollaborators['registry'];
  readonly #urlFor: BalancerCollaborators['urlFor'];
  readonly #ring: BalancerCollaborators['ring'];
  readonly #redirected: BalancerCollaborators['redirected'];
  readonly #redirects: boolean;
  readonly #redirectMin: number;
  readonly #locationOf: BalancerOptions['locationOf'];
  readonly #random: () => number;
  readonly #clock: Clock;
  readonly #speeds = new SpeedBook();

  #nodes: readonly PeerNode[] | undefined;
  #roster = new Roster([], this.#speeds);
  #rosterUntil = 0;
  #rankedBy: PieceRing | undefined;
  readonly #ranked = new Map<string, readonly string[]>();

  constructor(collaborators: BalancerCollaborators, options: BalancerOptions = {}) {
    this.#registry = collaborators.registry;
    this.#urlFor = collaborators.urlFor;
    this.#ring = collaborators.ring;
    this.#redirected = collaborators.redirected;
    this.#redirects = options.mode !== 'proxy';
    this.#redirectMin = options.redirectMin ?? 0;
    this.#locationOf = options.locationOf;
    this.#random = options.random ?? Math.random;
    this.#clock = options.clock ?? systemClock;
  }

  /** To be called after each load message of a peer: the balancer learns from them how fast it is. */
  observe(node: PeerNode): void {
    this.#speeds.observe(node, this.#clock.monotonic());
  }

  /** A peer for this download, or undefined where the manager is to answer itself. */
  choose(live: LiveHead, request: ContentRequest, secure: boolean, host: string): Redirection | undefined {
    const { head } = live;
    if (!this.#redirects || head.length < this.#redirectMin) return undefined;
    if (headerOf(request.headers, 'cdn-loop') !== undefined) return undefined; // another cache, a manager perhaps, wants the bytes
    const roster = this.#current();
    if (roster.all.candidates.length === 0) return undefined;
    const asker: Asker = { clientAddress: request.client, hostHeader: host, secure };
    const able = (candidate: Candidate): boolean =>
      !candidate.mute &&
      (!secure || candidate.node.tls) &&
      !request.not.includes(candidate.node.id) &&
      this.#urlFor(candidate.node, asker) !== undefined;

    const location = headerOf(request.headers, LOCATION_FIELD) ?? this.#locationOf?.(request.client);
    const near = location === undefined ? undefined : roster.at(location);
    const small = head.length <= head.pieceSize ? ringKey(live, 0) : undefined;
    const table = near ?? roster.all;
    const chosen =
      this.#pick(roster, table, small, able) ??
      (near === undefined ? undefined : this.#pick(roster, roster.all, small, able)) ??
      this.#bestOf(near ?? roster.all, able) ??
      this.#bestOf(roster.all, able);
    return chosen === undefined ? undefined : this.#redirection(live, request, asker, chosen, table, able);
  }

  /**
   * A member that the manager itself should read a piece from, for a client in proxy mode: the piece's owner while that has no more than
   * its share, else the better of two. `key` names the piece as the ring does; `exclude`: ids of peers that failed this read before. Undefined where nobody is left.
   */
  pickForProxy(key: string, exclude: readonly string[]): PeerNode | undefined {
    const roster = this.#current();
    if (roster.all.candidates.length === 0) return undefined;
    const able = (candidate: Candidate): boolean => !candidate.mute && !exclude.includes(candidate.node.id);
    const chosen = this.#pick(roster, roster.all, key, able) ?? this.#bestOf(roster.all, able);
    if (chosen === undefined) return undefined;
    redirected(chosen.node, this.#clock.monotonic());
    return chosen.node;
  }

  #current(): Roster {
    const nodes = this.#registry.fit();
    const now = this.#clock.monotonic();
    if (nodes === this.#nodes && now < this.#rosterUntil) return this.#roster;
    for (const node of nodes) this.#speeds.observe(node, now);
    this.#speeds.settle(nodes);
    this.#nodes = nodes;
    this.#rosterUntil = now + ROSTER_LIFE;
    this.#roster = new Roster(nodes, this.#speeds);
    return this.#roster;
  }

  /** One that is able and not full: the owner of `key`, if there is a key and its owner's load allows, else the better of two. */
  #pick(
    roster: Roster,
    table: Table,
    key: string | undefined,
    able: (candidate: Candidate) => boolean,
  ): Candidate | undefined {
    const fits = (candidate: Candidate): boolean => !candidate.full && able(candidate);
    const owner = key === undefined ? undefined : this.#boundedOwner(roster, table, key, fits);
    return owner ?? this.#betterOfTwo(table, fits);
  }

  #boundedOwner(
    roster: Roster,
    table: Table,
    key: string,
    fits: (candidate: Candidate) => boolean,
  ): Candidate | undefined {
    const share = (BOUND * (table.downloads() + 1)) / table.weight;
    for (const id of this.#owners(key)) {
      const candidate = roster.byId(id);
      if (candidate === undefined || (table !== roster.all && !table.candidates.includes(candidate))) continue;
      const bound = Math.ceil(share * candidate.weight - ROUNDING);
      if (candidate.downloads < bound && fits(candidate)) return candidate;
    }
    return undefined;
  }

  /** Ranking costs a hash per member, so it is remembered until the ring changes. */
  #owners(key: string): readonly string[] {
    const ring = this.#ring();
    if (ring !== this.#rankedBy || this.#ranked.size >= MAX_REMEMBERED) {
      this.#ranked.clear();
      this.#rankedBy = ring;
    }
    let owners = this.#ranked.get(key);
    if (owners === undefined) {
      owners = ring.ranked(key, RANKED);
      this.#ranked.set(key, owners);
    }
    return owners;
  }

  #betterOfTwo(table: Table, fits: (candidate: Candidate) => boolean): Candidate | undefined {
    if (table.candidates.length <= FEW) return this.#bestOf(table, fits);
    let first: Candidate | undefined;
    for (let i = 0; i < MAX_DRAWS; i++) {
      const drawn = table.draw(this.#random());
      if (drawn === first || !fits(drawn)) continue;
      if (first !== undefined) return drawn.expected() > first.expected() ? drawn : first;
      first = drawn;
    }
    return this.#bestOf(table, fits); // few fit, or one outweighs all others: rare, and then worth a look at everybody
  }

  /** The best of all; of those that are equally good the first behind a random place, so that none is always the one. */
  #bestOf({ candidates }: Table, fits: (candidate: Candidate) => boolean): Candidate | undefined {
    let best: Candidate | undefined;
    let bestRate = -1;
    const start = Math.floor(this.#random() * candidates.length);
    for (let i = 0; i < candidates.length; i++) {
      const candidate = candidates[(start + i) % candidates.length] as Candidate;
      if (!fits(candidate)) continue;
      const rate = candidate.expected();
      if (rate <= bestRate) continue;
      best = candidate;
      bestRate = rate;
    }
    return best;
  }

  #redirection(
    live: LiveHead,
    request: ContentRequest,
    asker: Asker,
    chosen: Candidate,
    table: Table,
    able: (candidate: Candidate) => boolean,
  ): Redirection | undefined {
    const { group, target, revision } = live.head;
    const path =
      (group === DEFAULT_GROUP ? '' : GROUP_PREFIX + group) + withParameters(target, { revision, not: request.not });
    const base = this.#urlFor(chosen.node, asker);
    if (base === undefined) return undefined;
    redirected(chosen.node, this.#clock.monotonic());
    const location = base + path;
    this.#redirected?.(chosen.node, live, location);
    const duplicates = this.#duplicates(asker, chosen, table, able).map((url) => url + path);
    return { location, duplicates, peer: chosen.node.id };
  }

  /** Base URLs of up to three others, from a random place on, so that these too are spread. */
  #duplicates(
    asker: Asker,
    chosen: Candidate,
    { candidates }: Table,
    able: (candidate: Candidate) => boolean,
  ): string[] {
    const urls: string[] = [];
    const start = Math.floor(this.#random() * candidates.length);
    const looks = Math.min(candidates.length, 4 * MAX_DUPLICATES);
    for (let i = 0; i < looks && urls.length < MAX_DUPLICATES; i++) {
      const candidate = candidates[(start + i) % candidates.length] as Candidate;
      if (candidate === chosen || candidate.full || !able(candidate)) continue;
      const url = this.#urlFor(candidate.node, asker);
      if (url !== undefined) urls.push(url);
    }
    return urls;
  }
}
