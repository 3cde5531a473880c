import type { Clock } from '../base/clock.ts';
import { MANAGER_SILENCE, STATS_INTERVAL } from '../protocol/limits.ts';
import type { ManagerWire } from './join.ts';

/** A sign of the manager, which pings once a second, so soon after the last report still brings the next one, milliseconds. */
const EARLY = 100;
/** Where it gives none, the report goes out without it after this, milliseconds. */
const UNPROMPTED = 1.3 * STATS_INTERVAL;
/** A timer that is this late says that this machine stood still, not that the manager is silent. Milliseconds. */
const LATE = 1000;

/** The session, as far as its heart is concerned. */
export type HeartbeatWire = Pick<ManagerWire, 'heardAt' | 'onSign' | 'drop'>;

/**
 * Reports once a second while a session stands, and drops it when nothing is heard of the manager. The manager's ping is what it goes by: each one
 * puts the timer off, so that a peer at rest is woken once a second, not twice.
 */
export class Heartbeat {
  readonly #clock: Clock;
  readonly #report: () => void;
  readonly #silence: number;
  #wire: HeartbeatWire | undefined;
  #timer: NodeJS.Timeout | undefined;
  #reportedAt = 0;

  /** `silence`: milliseconds after which a manager that says nothing counts as gone. */
  constructor(collaborators: { clock: Clock; report: () => void }, options: { silence?: number | undefined } = {}) {
    this.#clock = collaborators.clock;
    this.#report = collaborators.report;
    this.#silence = options.silence ?? MANAGER_SILENCE;
  }

  /** A session has begun, and its first report is out. */
  start(wire: HeartbeatWire): void {
    this.stop();
    this.#wire = wire;
    this.#reportedAt = this.#clock.monotonic();
    this.#timer = setTimeout(() => this.#unprompted(), UNPROMPTED).unref();
    wire.onSign = () => this.#prompted(wire);
  }

  /** Without a session there is nothing to report: a laptop may be away from its manager for days. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#wire = undefined;
  }

  #prompted(wire: HeartbeatWire): void {
    const now = this.#clock.monotonic();
    if (wire !== this.#wire || now - this.#reportedAt < STATS_INTERVAL - EARLY) return;
    this.#beat(now);
  }

  #unprompted(): void {
    const wire = this.#wire;
    if (wire === undefined) return;
    const now = this.#clock.monotonic();
    // After this machine stood still, what the manager sent meanwhile is still waiting to be read.
    const late = now - this.#reportedAt > UNPROMPTED + LATE;
    if (!late && now - wire.heardAt > this.#silence) wire.drop('nothing is heard of the manager');
    else this.#beat(now);
  }

  #beat(now: number): void {
    this.#reportedAt = now;
    this.#timer?.refresh();
    this.#report();
  }
}
