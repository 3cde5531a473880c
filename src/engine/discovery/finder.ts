import type { Clock } from '../base/clock.ts';
import type { Service } from '../base/lifecycle.ts';
import type { Log } from '../base/log.ts';
import type { InterfaceReport } from '../protocol/desktop.ts';
import { type Endpoint, Endpoints } from './endpoints.ts';
import type { FoundManager } from './found.ts';
import type { MulticastOptions } from './interfaces.ts';
import { FIRST_QUERY_PAUSE, LAST_QUERY_PAUSE, PROBES_AT_ONCE } from './limits.ts';
import { type Link, Links } from './links.ts';
import { probe } from './probe.ts';
import { type DnsResponse, goodbyesIn, SERVICE_NAME, sightingsIn } from './records.ts';

/** Calls `run` once after so many milliseconds, unless the returned function is called before. */
export type Later = (milliseconds: number, run: () => void) => () => void;

const realLater: Later = (milliseconds, run) => {
  const timer = setTimeout(run, milliseconds);
  return () => clearTimeout(timer);
};

export type FoundListener = (managers: readonly FoundManager[]) => void;

/**
 * Looks for managers on every interface. An announcement is only a hint: a manager is shown when it has answered a probe over HTTP,
 * and until it says goodbye or stops answering. One with several addresses is shown once, by its fingerprint; several of one name
 * are shown apart.
 */
export class Finder implements Service {
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #links: Links;
  readonly #endpoints = new Endpoints();
  readonly #listeners = new Set<FoundListener>();
  readonly #closed = new AbortController();
  readonly #probes = new Set<Promise<void>>();
  #managers: readonly FoundManager[] = [];
  #shown = '[]';
  readonly #later: Later;
  /** Takes back the timer for whatever is due next: between two things to do there is none to wake for. */
  #calledOff: () => void = () => undefined;
  #queryAt = 0;
  #queryPause = FIRST_QUERY_PAUSE;

  constructor(collaborators: { log: Log; clock: Clock; later?: Later }, options: MulticastOptions = {}) {
    this.#log = collaborators.log;
    this.#clock = collaborators.clock;
    this.#later = collaborators.later ?? realLater;
    this.#links = new Links(collaborators, {
      ...options,
      opened: (link) => this.#listen(link),
      changed: () => this.#networksChanged(),
    });
  }

  /** Never fails: a machine without a network finds nothing until it has one. */
  start(): Promise<void> {
    this.#links.start();
    this.#work();
    return Promise.resolve();
  }

  /** The managers that answer, ordered by name. */
  get managers(): readonly FoundManager[] {
    return this.#managers;
  }

  /** Each interface that is listened on, with how many of the managers are on it, and what is wrong with it. */
  interfaces(): readonly InterfaceReport[] {
    return this.#links.all.map(({ network: { name, address }, trouble }) => ({
      name,
      address,
      managers: this.#managers.filter(({ addresses }) => addresses.some((one) => one.interface === name)).length,
      trouble: troubleOf(trouble),
    }));
  }

  /** Calls `listener` whenever the list changes; the returned function ends that. */
  subscribe(listener: FoundListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Opens all sockets anew, asks and probes again: after the machine slept. */
  refresh(): void {
    this.#links.refresh();
  }

  /** Ends probes, timers and sockets. Idempotent. */
  async close(): Promise<void> {
    this.#calledOff();
    this.#closed.abort();
    this.#listeners.clear();
    await Promise.all([this.#links.close(), ...this.#probes]);
  }

  #listen({ socket }: Link): void {
    socket.on('response', (response, { address }) => this.#heard(response, address));
  }

  #heard(response: DnsResponse, sender: string): void {
    if (this.#closed.signal.aborted) return;
    const gone = goodbyesIn(response).filter((instance) => this.#endpoints.goodbye(instance));
    // A forged goodbye hides a manager only until it answers the question that follows.
    if (gone.length > 0) this.#askSoon(FIRST_QUERY_PAUSE);
    const { networks } = this.#links;
    const now = this.#clock.monotonic();
    const fresh = sightingsIn(response, sender).filter((sighting) => this.#endpoints.heard(sighting, networks, now));
    if (gone.length > 0 || fresh.length > 0) this.#work();
  }

  #networksChanged(): void {
    this.#endpoints.moved(this.#links.networks, this.#clock.monotonic());
    this.#askSoon(0);
    this.#work();
  }

  #askSoon(pause: number): void {
    this.#queryAt = this.#clock.monotonic() + pause;
    this.#queryPause = FIRST_QUERY_PAUSE;
  }

  /** Does what is due, and sets the timer for what is due next. */
  #work(): void {
    if (this.#closed.signal.aborted) return;
    const now = this.#clock.monotonic();
    if (now >= this.#queryAt) {
      this.#ask();
      this.#queryAt = now + this.#queryPause;
      this.#queryPause = Math.min(LAST_QUERY_PAUSE, this.#queryPause * 2);
    }
    this.#startProbes();
    this.#show();
    this.#calledOff();
    const next = Math.min(this.#queryAt, this.#probes.size < PROBES_AT_ONCE ? this.#endpoints.nextDue : Infinity);
    this.#calledOff = this.#later(Math.max(0, Math.ceil(next - this.#clock.monotonic())), () => this.#work());
  }

  #ask(): void {
    for (const { socket, network, trouble } of this.#links.all) {
      socket.query([{ name: SERVICE_NAME, type: 'PTR' }], (error) => {
        trouble.send = error?.message;
        if (error) this.#log.debug({ interface: network.name, error: String(error) }, 'a query could not be sent');
      });
    }
  }

  #startProbes(): void {
    for (const endpoint of this.#endpoints.due(this.#clock.monotonic())) {
      if (this.#probes.size >= PROBES_AT_ONCE) return;
      endpoint.dueAt = Number.POSITIVE_INFINITY;
      const probing: Promise<void> = this.#probe(endpoint).finally(() => {
        this.#probes.delete(probing);
        this.#work();
      });
      this.#probes.add(probing);
    }
  }

  async #probe(endpoint: Endpoint): Promise<void> {
    const result = await probe(endpoint.url, this.#closed.signal);
    if (this.#closed.signal.aborted) return;
    this.#endpoints.probed(endpoint, result, this.#clock.monotonic());
  }

  /** Tells the listeners if the list is another than before. */
  #show(): void {
    const managers = this.#endpoints.managers();
    const shown = JSON.stringify(managers);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#managers = managers;
    for (const listener of this.#listeners) listener(managers);
  }
}

function troubleOf({ hear, send }: Link['trouble']): InterfaceReport['trouble'] {
  if (hear !== undefined) return { what: 'hear', why: hear };
  return send === undefined ? null : { what: 'send', why: send };
}
