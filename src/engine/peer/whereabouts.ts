import type { Clock } from '../base/clock.ts';
import type { PotluckError } from '../base/errors.ts';
import type { Service } from '../base/lifecycle.ts';
import type { Log } from '../base/log.ts';
import type { PeerSettings } from '../base/settings.ts';
import { Finder } from '../discovery/finder.ts';
import type { FoundManager } from '../discovery/found.ts';
import { lookForKey, lookForManager } from '../discovery/look.ts';
import { isPassing } from './candidates.ts';
import type { Candidate } from './join.ts';
import type { Membership } from './membership.ts';
import type { PinFile } from './pin-file.ts';

/** While a manager is sought that moved, the interfaces are looked at this often, milliseconds: a laptop may be away from it for days. */
const UNHURRIED_POLL = 15_000;
/** A manager on this network is heard of within this time after the first question, milliseconds. */
const FIRST_LOOK = 1000;
/** Before a changed key is told to a person, the manager is looked for this long, milliseconds. */
const LONG_LOOK = 2000;
/** Addresses that are tried of one manager: anybody can announce more. */
const MAX_ELSEWHERE = 4;

export interface WhereaboutsCollaborators {
  readonly pins: Pick<PinFile, 'latest'>;
  readonly membership: Pick<Membership, 'joined'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Where a peer looks for its manager. */
export interface Whereabouts extends Service {
  /** Whom to try, the best first. Rejects with POTLUCK_MANAGER_NOT_FOUND. */
  candidates(signal: AbortSignal): Promise<readonly Candidate[]>;
  /** Where else it may be, after the join of all candidates failed with this. */
  elsewhere(failure: PotluckError, signal: AbortSignal): Promise<readonly Candidate[]>;
  /** A session stands: nobody need be looked for. */
  joined(): void;
  /** Looks anew at what the network has; after the machine slept. */
  refresh(): void;
}

/** By mDNS where nobody is named; else at the address that is named, or wherever the manager with its key has moved to, if it is to be followed. */
export function whereaboutsOf(settings: PeerSettings, collaborators: WhereaboutsCollaborators): Whereabouts {
  const { upstream } = settings;
  return upstream === undefined ? new Nearby(settings, collaborators) : new Named(upstream, settings, collaborators);
}

/** Whoever is seen on the network, and fits. */
class Nearby implements Whereabouts {
  readonly #settings: PeerSettings;
  readonly #pins: Pick<PinFile, 'latest'>;
  readonly #finder: Finder;

  constructor(settings: PeerSettings, collaborators: WhereaboutsCollaborators) {
    this.#settings = settings;
    this.#pins = collaborators.pins;
    this.#finder = new Finder(collaborators);
  }

  start(): Promise<void> {
    return this.#finder.start();
  }

  async candidates(signal: AbortSignal): Promise<readonly Candidate[]> {
    const pinned = this.#pins.latest?.key;
    const wanted = { token: this.#settings.joinToken !== undefined, ...(pinned === undefined ? {} : { pinned }) };
    return (await lookForManager(this.#finder, wanted, { signal })).flatMap(candidatesOf);
  }

  elsewhere(): Promise<readonly Candidate[]> {
    return Promise.resolve([]);
  }

  joined(): void {
    // It goes on listening: at the next loss it knows at once who is there.
  }

  refresh(): void {
    this.#finder.refresh();
  }

  close(): Promise<void> {
    return this.#finder.close();
  }
}

/** At an address. With `follow`, mDNS is listened to while there is no session, for the key alone: who has another one is nobody of ours. */
class Named implements Whereabouts {
  readonly #upstream: string;
  readonly #settings: PeerSettings;
  readonly #with: WhereaboutsCollaborators;
  #finder: Finder | undefined;
  #closed = false;

  constructor(upstream: string, settings: PeerSettings, collaborators: WhereaboutsCollaborators) {
    this.#upstream = upstream;
    this.#settings = settings;
    this.#with = collaborators;
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  candidates(): Promise<readonly Candidate[]> {
    return Promise.resolve([{ url: this.#url, fingerprint: this.#key }]);
  }

  /** Only where nobody answers, or somebody else does: a manager that says no is the one that was sought. */
  async elsewhere(failure: PotluckError, signal: AbortSignal): Promise<readonly Candidate[]> {
    const key = this.#key;
    const another = failure.code === 'POTLUCK_KEY_CHANGED';
    if (key === undefined || this.#settings.follow === undefined || this.#closed) return [];
    if (!isPassing(failure) && !another) return [];
    const first = this.#finder === undefined;
    const finder = await this.#listen();
    const timeout = another ? LONG_LOOK : first ? FIRST_LOOK : 0;
    const found = await lookForKey(finder, key, { signal, timeout });
    if (found === undefined) return [];
    const others = candidatesOf(found).filter(({ url }) => url !== this.#url);
    return others.slice(0, MAX_ELSEWHERE);
  }

  joined(): void {
    void this.#rest();
  }

  refresh(): void {
    this.#finder?.refresh();
  }

  close(): Promise<void> {
    this.#closed = true;
    return this.#rest();
  }

  get #url(): string {
    return this.#with.membership.joined?.url ?? this.#upstream;
  }

  get #key(): string | undefined {
    return this.#with.membership.joined?.verifier.fingerprint ?? this.#settings.upstreamKey;
  }

  async #listen(): Promise<Finder> {
    if (this.#finder !== undefined) return this.#finder;
    this.#finder = new Finder(this.#with, { poll: UNHURRIED_POLL, ...this.#settings.follow });
    await this.#finder.start();
    return this.#finder;
  }

  async #rest(): Promise<void> {
    const finder = this.#finder;
    this.#finder = undefined;
    await finder?.close();
  }
}

/** Each address is a candidate of its own: the first that answers is taken. */
function candidatesOf({ fingerprint, url, addresses }: FoundManager): Candidate[] {
  const urls = new Set([url, ...addresses.map((address) => address.url)]);
  return [...urls].map((one) => ({ url: one, fingerprint, found: true }));
}
