import type { Clock } from '../base/clock.ts';
import type { PotluckError } from '../base/errors.ts';
import type { Service } from '../base/lifecycle.ts';
import type { Log } from '../base/log.ts';
import type { PeerSettings } from '../base/settings.ts';
import { Finder } from '../discovery/finder.ts';
import type { FoundManager } from '../discovery/found.ts';
import { lookForKey, lookForManager } from '../discovery/look.ts';
import type { Candidate } from './join.ts';
import type { Membership } from './membership.ts';
import type { PinFile } from './pin-file.ts';

/** While a manager is sought that moved, the interfaces are looked at this often, milliseconds: a laptop may be away from it for days. */
const UNHURRIED_POLL = 15_000;
/** A manager on this network is heard of within this time after the first question, milliseconds. */
const FIRST_LOOK = 1000;
/** Before a changed key is told to a person, the manager is looked for this long, milliseconds. */
const LONG_LOOK = 2000;
/** Addresses that are tried at a time of those that are announced, for anybody can announce more, and of those where it was before. */
const AT_A_TIME = 4;
/** A manager that has not come back by then does not restart: it is looked for where it was before, too. Milliseconds. */
const AWAY = 15_000;

export interface WhereaboutsCollaborators {
  readonly pins: Pick<PinFile, 'latest' | 'all'>;
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

/**
 * At an address. With `follow`, also wherever the manager with the known key was before, and where mDNS has it, which is listened to while there is
 * no session; who has another key is nobody of ours.
 */
class Named implements Whereabouts {
  readonly #upstream: string;
  readonly #settings: PeerSettings;
  readonly #with: WhereaboutsCollaborators;
  #finder: Finder | undefined;
  /** When it began to listen, monotonic milliseconds, and how often it has looked since. */
  #since = 0;
  #looks = 0;
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
    if (!another && failure.code !== 'POTLUCK_MANAGER_UNREACHABLE') return [];
    const finder = await this.#listen();
    const look = this.#looks++;
    const timeout = another ? LONG_LOOK : look === 0 ? FIRST_LOOK : 0;
    const found = await lookForKey(finder, key, { signal, timeout });
    const announced = found === undefined ? [] : candidatesOf(found).filter(({ url }) => url !== this.#url);
    return [...inTurn(announced, AT_A_TIME, look), ...this.#before(key)];
  }

  /** Who followed a manager to where only this network reaches it must find back to the name that it goes by elsewhere. */
  #before(key: string): Candidate[] {
    if (this.#with.clock.monotonic() - this.#since < AWAY) return [];
    const joined = this.#with.pins.all.filter((pin) => pin.key === key).map(({ url }) => url);
    const urls = new Set([this.#upstream, ...joined.reverse()]);
    urls.delete(this.#url);
    return [...urls].slice(0, AT_A_TIME).map((url) => ({ url, fingerprint: key, found: true }));
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
    this.#since = this.#with.clock.monotonic();
    this.#looks = 0;
    await this.#finder.start();
    return this.#finder;
  }

  async #rest(): Promise<void> {
    const finder = this.#finder;
    this.#finder = undefined;
    await finder?.close();
  }
}

/** At most so many of them, other ones in the next round, so that each has its turn: who announces many keeps none of the others away. */
export function inTurn<T>(all: readonly T[], most: number, round: number): readonly T[] {
  const start = all.length === 0 ? 0 : (round * most) % all.length;
  return [...all.slice(start), ...all.slice(0, start)].slice(0, most);
}

/** Each address is a candidate of its own: the first that answers is taken. */
function candidatesOf({ fingerprint, url, addresses }: FoundManager): Candidate[] {
  const urls = new Set([url, ...addresses.map((address) => address.url)]);
  return [...urls].map((one) => ({ url: one, fingerprint, found: true }));
}
