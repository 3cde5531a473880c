import type { Clock } from '../base/clock.ts';
import { MANAGER_SILENCE, STATS_INTERVAL } from '../protocol/limits.ts';
import type { ManagerWire } from './join.ts';

/** A sign of the manager, which pings once a second, so soon after the last report still brings the next one, milliseconds. */
const EARLY = 100;
/** A timer that is this late says that this machine stood still, not that the manager is silent; then so much longer is waited. Milliseconds. */
const LATE = 1000;

/** The session, as far as its heart is concerned. */
export type HeartbeatWire = Pick<ManagerWire, 'heardAt' | 'onSign' | 'drop'>;

/**
 * Reports once a second while a session stands, and drops it when nothing is heard of the manager. The manager's ping is what it goes by, so
 * that a peer at rest is woken by that alone: a manager that does not ping takes no reports either.
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
    this.#lookIn(this.#silence);
    wire.onSign = () => this.#prompted(wire);
  }

  /** Without a session there is nothing to report: a laptop may be away from its manager for days. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#wire = undefined;
  }

  #prompted(wire: HeartbeatWire): void {
    const now = this.#clock.monotonic();
    if (wire !== this.#wire || now - this.#reportedAt < STATS_INTERVAL - EARLY) return;
    this.#reportedAt = now;
    this.#report();
  }

  #lookIn(milliseconds: number): void {
    const due = this.#clock.monotonic() + milliseconds;
    this.#timer = setTimeout(() => this.#look(due), milliseconds).unref();
  }

  #look(due: number): void {
    const wire = this.#wire;
    if (wire === undefined) return;
    const now = this.#clock.monotonic();
    const left = wire.heardAt + this.#silence - now;
    if (left > 0) this.#lookIn(left);
    else if (now - due > LATE)
      this.#lookIn(LATE); // what the manager sent meanwhile is still waiting to be read
    else wire.drop('nothing is heard of the manager');
  }
}
