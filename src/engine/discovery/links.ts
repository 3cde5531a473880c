import type { EventEmitter } from 'node:events';
import bonjour, { type Bonjour } from 'bonjour-service';
import type { Log } from '../base/log.ts';
import { type MulticastOptions, type NetworkInterface, usableInterfaces } from './interfaces.ts';
import { INTERFACE_POLL } from './limits.ts';
import type { DnsResponse } from './records.ts';

/** What bonjour-service keeps to itself and discovery needs: the socket with its events, and queries. */
export interface MulticastSocket extends EventEmitter {
  query(questions: { name: string; type: string }[], done: (error?: Error | null) => void): void;
  on(event: 'response', listener: (response: DnsResponse, sender: { address: string }) => void): this;
  on(event: 'error' | 'warning', listener: (error: NodeJS.ErrnoException) => void): this;
  /** The membership in the multicast group stands. */
  on(event: 'networkInterface', listener: () => void): this;
}

/** One interface with its own multicast socket: a single socket sends by one interface only, whatever it hears. */
export interface Link {
  readonly network: NetworkInterface;
  readonly bonjour: Bonjour;
  readonly socket: MulticastSocket;
  /** What is wrong with it: nothing can be heard, nothing can be sent; undefined where it works. */
  readonly trouble: { hear: string | undefined; send: string | undefined };
}

export interface LinksOptions extends MulticastOptions {
  /** Called for each interface when it has been opened: publish, listen. */
  readonly opened: (link: Link) => void;
  /** Called when interfaces have come or gone, or all were opened anew; not at the start. */
  readonly changed?: () => void;
}

/**
 * Keeps one multicast socket open per interface, follows interfaces that come and go, and opens all anew on `refresh` (after
 * sleep, memberships are gone though nothing says so).
 */
export class Links {
  readonly #log: Log;
  readonly #options: LinksOptions;
  readonly #links = new Map<string, Link>();
  #timer: NodeJS.Timeout | undefined;

  constructor(collaborators: { log: Log }, options: LinksOptions) {
    this.#log = collaborators.log;
    this.#options = options;
  }

  start(): void {
    this.#reconcile();
    this.#timer = setInterval(() => this.poll(), this.#options.poll ?? INTERFACE_POLL);
    this.#timer.unref();
  }

  get all(): Link[] {
    return [...this.#links.values()];
  }

  /** The interfaces in use. */
  get networks(): NetworkInterface[] {
    return this.all.map(({ network }) => network);
  }

  /** Looks for changes now. */
  poll(): void {
    if (this.#reconcile()) this.#options.changed?.();
  }

  /** Opens everything anew. */
  refresh(): void {
    if (this.#timer === undefined) return;
    this.#drop(() => true);
    this.#reconcile();
    this.#options.changed?.();
  }

  /** Closes sockets and timers. Idempotent. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    const closing = this.all.map(({ bonjour }) => new Promise<void>((resolve) => bonjour.destroy(() => resolve())));
    this.#links.clear();
    await Promise.all(closing);
  }

  #reconcile(): boolean {
    const wanted = new Map(this.#look().map((network) => [network.identity, network]));
    let changed = this.#drop((identity) => !wanted.has(identity));
    for (const [identity, network] of wanted) {
      if (this.#links.has(identity)) continue;
      const link = this.#open(network);
      this.#links.set(identity, link);
      this.#options.opened(link);
      changed = true;
    }
    return changed;
  }

  /** Some sandboxes refuse the list of interfaces; then there are none for us, and the next look may do better. */
  #look(): NetworkInterface[] {
    try {
      return usableInterfaces(this.#options);
    } catch (error) {
      this.#log.debug({ error: String(error) }, 'the interfaces cannot be listed');
      return [];
    }
  }

  #drop(which: (identity: string) => boolean): boolean {
    let dropped = false;
    for (const [identity, link] of this.#links) {
      if (!which(identity)) continue;
      this.#links.delete(identity);
      link.bonjour.destroy();
      this.#log.debug({ interface: link.network.name }, 'discovery stopped on an interface');
      dropped = true;
    }
    return dropped;
  }

  #open(network: NetworkInterface): Link {
    const { port, group } = this.#options;
    const settings = {
      interface: network.address,
      bind: '0.0.0.0', // bound to the address itself, Linux would deliver no multicast
      ...(port === undefined ? {} : { port }),
      ...(group === undefined ? {} : { ip: group }),
    };
    const trouble: Link['trouble'] = { hear: undefined, send: undefined };
    const note = (error: NodeJS.ErrnoException) => {
      if (error.syscall !== undefined) trouble.hear = error.message; // else it is a packet that makes no sense
      this.#log.debug({ interface: network.name, error: String(error) }, 'multicast failed');
    };
    // The settings are multicast-dns's, which the types of bonjour-service do not know.
    const opened = new bonjour(settings as object, note);
    const { mdns: socket } = (opened as unknown as { server: { mdns: MulticastSocket } }).server;
    socket.on('warning', note);
    socket.on('networkInterface', () => {
      trouble.hear = undefined;
    });
    socket.on('error', (error) => {
      trouble.hear = error.message;
      this.#log.warn({ interface: network.name, error: String(error) }, 'discovery cannot use this interface');
    });
    this.#log.debug({ interface: network.name, address: network.address }, 'discovery started on an interface');
    return { network, bonjour: opened, socket, trouble };
  }
}
