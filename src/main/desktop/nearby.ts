import type { Clock } from '../../engine/base/clock.ts';
import type { Log } from '../../engine/base/log.ts';
import { Discovery, type DiscoveryOptions } from '../../engine/index.ts';
import type { InterfaceReport, NearbyManager } from '../../engine/protocol/desktop.ts';

/** Looks for managers while the window is open, and not while nobody would see them. */
export class Nearby {
  readonly #with: { readonly log: Log; readonly clock: Clock; readonly changed: () => void };
  readonly #options: DiscoveryOptions;
  readonly #life = new AbortController();
  #discovery: Discovery | undefined;

  constructor(collaborators: { log: Log; clock: Clock; changed: () => void }, options: DiscoveryOptions) {
    this.#with = collaborators;
    this.#options = options;
  }

  get managers(): readonly NearbyManager[] {
    return this.#discovery?.managers ?? [];
  }

  interfaces(): readonly InterfaceReport[] {
    return this.#discovery?.interfaces() ?? [];
  }

  /** Begins to look; idempotent. */
  look(): void {
    if (this.#discovery !== undefined || this.#life.signal.aborted) return;
    const { log, clock, changed } = this.#with;
    const discovery = new Discovery({ log, clock }, this.#options);
    this.#discovery = discovery;
    discovery.subscribe(changed);
    discovery.start().catch((err) => log.error({ err }, 'managers nearby cannot be looked for'));
  }

  /** Looks no longer; idempotent. */
  async rest(): Promise<void> {
    const discovery = this.#discovery;
    this.#discovery = undefined;
    await discovery?.close();
  }

  /** The machine slept: nothing that was heard before counts. */
  refresh(): void {
    this.#discovery?.refresh();
  }

  /** Asks one manager who it is, whether anybody looks around or not. */
  inspect(address: string): Promise<NearbyManager> {
    const { log, clock } = this.#with;
    const asked = this.#discovery ?? new Discovery({ log, clock }, this.#options);
    return asked.inspect(address, { signal: this.#life.signal });
  }

  async close(): Promise<void> {
    this.#life.abort(new DOMException('the app ends', 'AbortError'));
    await this.rest();
  }
}
