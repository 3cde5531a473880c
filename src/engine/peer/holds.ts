import type { Clock } from '../base/clock.ts';
import type { HoldReason } from '../base/running-peer.ts';
import { type OpeningHours, parseHours } from '../rate/hours.ts';

const MINUTE = 60_000;

/** In the order in which they are shown, in words for the manager's administrator. */
const WORDS: Record<HoldReason, string> = {
  user: 'its user has paused it',
  hours: 'it is outside the hours in which this peer serves',
  battery: 'its machine runs on battery',
  metered: 'it is on a metered network',
  vpn: 'it reaches the manager over a VPN',
  busy: 'its user is using the machine',
  disabled: 'its cache is disabled (--disable-cache)',
};

export interface HoldsOptions {
  /** As `--hours` has them; undefined: always. */
  readonly hours: string | undefined;
  /** `--disable-cache`. */
  readonly disabled: boolean;
  /** What holds from the beginning. */
  readonly held?: Iterable<HoldReason>;
}

/** Why a peer holds back: what somebody said, and what the clock says. */
export class Holds {
  readonly #clock: Clock;
  readonly #changed: () => void;
  readonly #options: HoldsOptions;
  readonly #hours: OpeningHours | undefined;
  readonly #set = new Set<HoldReason>();
  #timer: NodeJS.Timeout | undefined;
  #open: boolean;

  /** `changed` is called whenever another reason holds or one no longer does. Throws POTLUCK_USAGE for hours that make no sense. */
  constructor(collaborators: { clock: Clock; changed: () => void }, options: HoldsOptions) {
    this.#clock = collaborators.clock;
    this.#changed = collaborators.changed;
    this.#options = options;
    this.#hours = options.hours === undefined ? undefined : parseHours(options.hours);
    for (const reason of options.held ?? []) this.#set.add(reason);
    if (options.disabled) this.#set.add('disabled');
    this.#open = this.#isOpen();
  }

  /** Looks at the clock once a minute, where there are hours. */
  start(): Promise<void> {
    if (this.#hours !== undefined) this.#wait();
    return Promise.resolve();
  }

  close(): Promise<void> {
    clearTimeout(this.#timer);
    return Promise.resolve();
  }

  /** Idempotent. */
  set(reason: HoldReason, on: boolean): void {
    if (this.#set.has(reason) === on) return;
    if (on) this.#set.add(reason);
    else this.#set.delete(reason);
    this.#changed();
  }

  /** What holds, the first of them the one that is shown. */
  get reasons(): readonly HoldReason[] {
    const closed = !this.#isOpen();
    return (Object.keys(WORDS) as HoldReason[]).filter((one) => this.#set.has(one) || (one === 'hours' && closed));
  }

  /** The first reason in words; undefined where nothing holds. */
  get words(): string | undefined {
    const [first] = this.reasons;
    if (first === undefined) return undefined;
    const { hours } = this.#options;
    return first === 'hours' && hours !== undefined ? `${WORDS.hours} (${hours})` : WORDS[first];
  }

  #isOpen(): boolean {
    return this.#hours?.isOpen(new Date(this.#clock.now())) ?? true;
  }

  /** Hours begin and end with a minute. */
  #wait(): void {
    const pause = MINUTE - (this.#clock.now() % MINUTE);
    this.#timer = setTimeout(() => {
      const open = this.#isOpen();
      if (open !== this.#open) this.#changed();
      this.#open = open;
      this.#wait();
    }, pause).unref();
  }
}
