import { setTimeout as sleep } from 'node:timers/promises';
import { type Clock, systemClock } from '../base/clock.ts';
import { abortReason, PotluckError } from '../base/errors.ts';
import { KeyChangedError } from '../base/key-changed.ts';
import type { Service } from '../base/lifecycle.ts';
import type { Log } from '../base/log.ts';
import { Finder } from '../discovery/finder.ts';
import type { MulticastOptions } from '../discovery/interfaces.ts';
import { askManager, type ManagerHealth } from '../discovery/probe.ts';
import type { InterfaceReport, NearbyManager } from '../protocol/desktop.ts';
import { isJoinLink, managerUrls, parseJoinLink } from '../protocol/join-link.ts';
import { PROTOCOL_VERSION } from '../protocol/paths.ts';
import { openPins, type PinFile } from './pin-file.ts';

/** A person waits for the answer, and a name may have to be looked up. Milliseconds. */
const INSPECT_TIMEOUT = 4000;
/** Who answers at a likelier address than the first to answer may be so much later, milliseconds. */
const LIKELIER = 300;
/** Managers that a person is shown: nobody has more, but anybody can pretend to be many. */
const MAX_SHOWN = 50;

export interface DiscoveryOptions {
  /** State folder of the peer: says which managers are known. It need not exist. */
  readonly state: string;
  readonly multicast?: MulticastOptions;
}

/** Which managers there are, for a person who chooses one: those nearby, and any that is asked for by address or join link. */
export class Discovery implements Service {
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #state: string;
  readonly #finder: Finder;
  readonly #listeners = new Set<() => void>();
  #known: ReadonlySet<string> = new Set();
  #closed = false;

  constructor(collaborators: { log: Log; clock?: Clock }, options: DiscoveryOptions) {
    const { log, clock = systemClock } = collaborators;
    this.#log = log;
    this.#clock = clock;
    this.#state = options.state;
    this.#finder = new Finder({ log, clock }, options.multicast);
  }

  /** Never fails: a machine without a network finds nothing until it has one. */
  async start(): Promise<void> {
    await this.#readPins();
    if (this.#closed) return;
    this.#finder.subscribe(() => void this.#changed());
    await this.#finder.start();
  }

  /** The managers that answer nearby, those that were joined before first, then by name. */
  get managers(): readonly NearbyManager[] {
    const found = this.#finder.managers.map(({ url, ...health }) => this.#nearby(url, health));
    return found.sort((a, b) => Number(b.known) - Number(a.known)).slice(0, MAX_SHOWN);
  }

  /** What can be heard on each interface. */
  interfaces(): readonly InterfaceReport[] {
    return this.#finder.interfaces();
  }

  /** Calls `listener` when the list of managers changes; the returned function ends that. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Opens all sockets anew and asks again: after the machine slept, or because a person wants it. */
  refresh(): void {
    this.#finder.refresh();
    void this.#changed();
  }

  /**
   * Asks the manager at an address (`host`, `host:port`, a URL) or of a join link who it is. What it answers is not proven before it is joined;
   * a key that is not the link's, or not the one that is pinned for this URL, is said at once. Rejects with POTLUCK_BAD_ADDRESS,
   * POTLUCK_MANAGER_UNREACHABLE, POTLUCK_VERSION_MISMATCH, KeyChangedError, or the signal's reason.
   */
  async inspect(addressOrJoinLink: string, options: { signal?: AbortSignal } = {}): Promise<NearbyManager> {
    const signal = options.signal ?? new AbortController().signal;
    // A mail may have broken the link into lines.
    const link = isJoinLink(addressOrJoinLink) ? parseJoinLink(addressOrJoinLink.replace(/\s+/g, '')) : undefined;
    const urls = link === undefined ? managerUrls(addressOrJoinLink) : [link.url];
    const pins = await openPins(this.#state, this.#clock);
    const { url, health } = await firstOf(urls, signal);
    checkKey(url, health, link?.key, pins);
    if (health.protocol !== PROTOCOL_VERSION) {
      throw new PotluckError(
        'POTLUCK_VERSION_MISMATCH',
        `the manager at ${url} speaks ${health.protocol}, this peer ${PROTOCOL_VERSION}`,
      );
    }
    this.#takePins(pins);
    return this.#nearby(url, health);
  }

  /** Idempotent. */
  close(): Promise<void> {
    this.#closed = true;
    this.#listeners.clear();
    return this.#finder.close();
  }

  #nearby(url: string, { name, fingerprint, members, tokenRequired }: ManagerHealth): NearbyManager {
    return { name, url, fingerprint, members, tokenRequired, known: this.#known.has(fingerprint) };
  }

  async #changed(): Promise<void> {
    await this.#readPins(); // a manager that was joined meanwhile is known from now on
    for (const listener of this.#listeners) listener();
  }

  async #readPins(): Promise<void> {
    try {
      this.#takePins(await openPins(this.#state, this.#clock));
    } catch (error) {
      this.#log.warn({ err: error }, 'which managers are known cannot be read');
    }
  }

  #takePins(pins: PinFile): void {
    this.#known = new Set(pins.all.map(({ key }) => key));
  }
}

/**
 * Whoever answers at one of the URLs, the likeliest first: one that is likelier than the first to answer gets a moment more, so that where https was
 * typed it is not http by chance. Rejects with the first one's failure where nobody does.
 */
async function firstOf(urls: readonly string[], signal: AbortSignal): Promise<{ url: string; health: ManagerHealth }> {
  const decided = new AbortController();
  const asked = AbortSignal.any([signal, decided.signal]);
  const asks = urls.map((url) => healthAt(url, asked));
  try {
    const first = await Promise.any(asks);
    const likelier = Promise.any(asks.slice(0, urls.indexOf(first.url))).catch(() => first);
    return await Promise.race([likelier, sleep(LIKELIER, first, { ref: false })]);
  } catch (error) {
    if (signal.aborted) throw abortReason(signal);
    throw error instanceof AggregateError ? error.errors[0] : error;
  } finally {
    decided.abort();
  }
}

async function healthAt(url: string, signal: AbortSignal): Promise<{ url: string; health: ManagerHealth }> {
  try {
    return { url, health: await askManager(url, signal, INSPECT_TIMEOUT) };
  } catch (error) {
    const late = error instanceof DOMException && error.name === 'TimeoutError';
    const reason = late ? 'it did not answer in time' : (error as Error).message;
    throw new PotluckError('POTLUCK_MANAGER_UNREACHABLE', `${url}: ${reason}`, { cause: error });
  }
}

/** What the link says must be so, and what is pinned as well: a link may come from anybody. */
function checkKey(url: string, { fingerprint, name }: ManagerHealth, linked: string | undefined, pins: PinFile): void {
  if (linked !== undefined && linked !== fingerprint)
    throw new KeyChangedError({ url, name, pinned: linked, since: null, now: fingerprint });
  pins.check(url, fingerprint, undefined);
}
