import type { Service } from '../base/lifecycle.ts';
import type { Log } from '../base/log.ts';
import type { MulticastOptions } from './interfaces.ts';
import { GOODBYE_TIMEOUT } from './limits.ts';
import { type Link, Links } from './links.ts';
import { type Announced, SERVICE_TYPE, serviceOf } from './records.ts';

/** Announces a manager on every interface (RFC 6762, RFC 6763) until it is closed, then says goodbye. */
export class Advertiser implements Service {
  readonly #links: Links;
  readonly #announced: Announced;
  #closing: Promise<void> | undefined;

  constructor(collaborators: { log: Log }, announced: Announced, options: MulticastOptions = {}) {
    this.#announced = announced;
    this.#links = new Links(collaborators, { ...options, opened: (link) => this.#publish(link) });
  }

  /** Never fails: a machine without a network announces nothing until it has one. */
  start(): Promise<void> {
    this.#links.start();
    return Promise.resolve();
  }

  /** Opens all sockets anew and announces again: after the machine slept. */
  refresh(): void {
    this.#links.refresh();
  }

  /** Says goodbye on every interface, waiting half a second at most, and closes the sockets. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#sayGoodbye().finally(() => this.#links.close());
    return this.#closing;
  }

  /** No probing for the name: it is unique, and this machine's sockets on other interfaces would answer and so silence it. */
  #publish({ bonjour }: Link): void {
    bonjour.publish({ ...serviceOf(this.#announced), type: SERVICE_TYPE, probe: false, disableIPv6: true });
  }

  async #sayGoodbye(): Promise<void> {
    const sent = this.#links.all.map(
      ({ bonjour }) =>
        new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, GOODBYE_TIMEOUT);
          bonjour.unpublishAll(() => {
            clearTimeout(timer);
            resolve();
          });
        }),
    );
    await Promise.all(sent);
  }
}
