import type { FoundAddress, FoundManager } from './found.ts';
import { type NetworkInterface, networkOf } from './interfaces.ts';
import { ANNOUNCEMENT_LIFETIME, MAX_ADDRESSES, MAX_ADDRESSES_BY_ONE, MISSED_PROBES, PROBE_INTERVAL } from './limits.ts';
import type { ManagerHealth, ProbeResult } from './probe.ts';
import type { Sighting } from './records.ts';

/** An address that was announced, and what came of knocking there. */
export interface Endpoint {
  readonly url: string;
  readonly address: string;
  readonly port: number;
  readonly tls: boolean;
  /** Who announced it first. */
  readonly sender: string;
  /** The announcement that named it last. */
  instance: string;
  interface: string;
  /** Monotonic milliseconds. */
  heardAt: number;
  /** When it is to be probed next; Infinity while a probe is under way. */
  dueAt: number;
  /** Failed probes in a row. */
  misses: number;
  /** The last good answer, while it still counts. */
  health: ManagerHealth | undefined;
}

/** First pause after a failed probe, doubled up to the usual interval. */
const RETRY = 1000;

/** The addresses that are known, bounded; a table without timers or sockets, so that its rules can be tested alone. */
export class Endpoints {
  readonly #byUrl = new Map<string, Endpoint>();

  /**
   * Takes an announcement in; true where it names an address that was not known. Addresses beyond our own networks are not knocked at: a
   * link-local protocol has no word on them (RFC 6762 section 11).
   */
  heard(sighting: Sighting, networks: readonly NetworkInterface[], now: number): boolean {
    const { instance, sender, port, tls } = sighting;
    let fresh = false;
    for (const address of sighting.addresses) {
      const network = networkOf(address, networks);
      if (network === undefined) continue;
      const url = `${tls ? 'https' : 'http'}://${address}:${port}`;
      const known = this.#byUrl.get(url);
      if (known !== undefined) Object.assign(known, { instance, heardAt: now });
      else if (this.#makeRoom(sender)) {
        const untried = { interface: network.name, heardAt: now, dueAt: now, misses: 0, health: undefined };
        this.#byUrl.set(url, { url, address, port, tls, instance, sender, ...untried });
        fresh = true;
      }
    }
    return fresh;
  }

  /** Forgets what an announcement named: it said goodbye. */
  goodbye(instance: string): boolean {
    return this.#dropWhere((endpoint) => endpoint.instance === instance);
  }

  /** Keeps what lies on our present networks, and wants all of it probed anew. */
  moved(networks: readonly NetworkInterface[], now: number): void {
    this.#dropWhere(({ address }) => networkOf(address, networks) === undefined);
    for (const endpoint of this.#byUrl.values()) {
      endpoint.interface = networkOf(endpoint.address, networks)?.name ?? endpoint.interface;
      if (endpoint.dueAt !== Number.POSITIVE_INFINITY) endpoint.dueAt = now;
    }
  }

  /**
   * Those to be probed now: first those that answered before, then those that were tried least; forgets the ones that never answered for too
   * long.
   */
  due(now: number): Endpoint[] {
    this.#dropWhere(({ health, heardAt }) => health === undefined && now - heardAt > ANNOUNCEMENT_LIFETIME);
    const due = [...this.#byUrl.values()].filter(({ dueAt }) => dueAt <= now);
    return due.sort((a, b) => Number(b.health !== undefined) - Number(a.health !== undefined) || a.misses - b.misses);
  }

  /** When the next is to be probed, monotonic milliseconds; Infinity where none is, or all are being probed. */
  get nextDue(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { dueAt } of this.#byUrl.values()) next = Math.min(next, dueAt);
    return next;
  }

  /** Notes the outcome of a probe; of an endpoint that is no longer known it is ignored. */
  probed(endpoint: Endpoint, result: ProbeResult, now: number): void {
    if (this.#byUrl.get(endpoint.url) !== endpoint) return;
    if (typeof result === 'object') {
      endpoint.health = result.manager;
      endpoint.misses = 0;
      endpoint.dueAt = now + PROBE_INTERVAL;
      return;
    }
    endpoint.misses++;
    if (result === 'nobody' || endpoint.misses >= MISSED_PROBES) endpoint.health = undefined;
    endpoint.dueAt = now + Math.min(PROBE_INTERVAL, RETRY * 2 ** (endpoint.misses - 1));
  }

  /** One entry per fingerprint with all addresses that answer, the one known longest first; ordered by name. */
  managers(): FoundManager[] {
    const found = new Map<string, { health: ManagerHealth; addresses: FoundAddress[] }>();
    for (const { url, address, port, tls, interface: via, health } of this.#byUrl.values()) {
      if (health === undefined) continue;
      const entry = found.get(health.fingerprint) ?? { health, addresses: [] };
      entry.addresses.push({ url, address, port, tls, interface: via });
      found.set(health.fingerprint, entry);
    }
    const managers = [...found.values()].map(({ health, addresses }) => {
      addresses.sort((a, b) => Number(isLoopback(a)) - Number(isLoopback(b)));
      return { ...health, url: addresses[0]?.url ?? '', addresses };
    });
    return managers.sort((a, b) => a.name.localeCompare(b.name) || (a.fingerprint < b.fingerprint ? -1 : 1));
  }

  get size(): number {
    return this.#byUrl.size;
  }

  #dropWhere(which: (endpoint: Endpoint) => boolean): boolean {
    let dropped = false;
    for (const endpoint of this.#byUrl.values()) {
      if (which(endpoint)) dropped = this.#byUrl.delete(endpoint.url) || dropped;
    }
    return dropped;
  }

  /** Of too many, or too many by one sender, the one that never answered and was not heard for longest goes; those that answer stay. */
  #makeRoom(sender: string): boolean {
    const all = [...this.#byUrl.values()];
    const own = all.filter((endpoint) => endpoint.sender === sender);
    const crowd = own.length >= MAX_ADDRESSES_BY_ONE ? own : all.length >= MAX_ADDRESSES ? all : undefined;
    if (crowd === undefined) return true;
    const silent = crowd.filter(({ health }) => health === undefined);
    const [oldest] = silent.sort((a, b) => a.heardAt - b.heardAt);
    return oldest !== undefined && this.#byUrl.delete(oldest.url);
  }
}

function isLoopback({ address }: FoundAddress): boolean {
  return address.startsWith('127.');
}
