import type { Clock } from '../../engine/base/clock.ts';
import type { HoldReason } from '../../engine/base/running-peer.ts';
import type { Condition, ConditionState, DesktopSettings } from '../../engine/protocol/desktop.ts';
import { judge, type Verdict } from './conditions/policy.ts';
import { HoursWatch } from './hours.ts';
import type { Wanted } from './orders.ts';

/** What a timer of Node's can wait, milliseconds. */
const LONGEST_TIMER = 2 ** 31 - 1;

export interface HoldingCollaborators {
  readonly clock: Clock;
  readonly settings: () => DesktopSettings;
  readonly conditions: () => Readonly<Record<Condition, ConditionState>>;
  /** The pause survives a restart of the app. */
  readonly pause: { load(): number | null; keep(until: number | null): void };
  /** Something in `wanted` may be another than before. */
  readonly changed: () => void;
}

/** Everything for which the peer holds back or goes slower: the person's pause, the hours, and the conditions, less what was overridden. */
export class Holding {
  readonly #with: HoldingCollaborators;
  readonly #hours: HoursWatch;
  readonly #overridden = new Set<Condition | 'hours'>();
  #pausedUntil: number | null;
  #timer: NodeJS.Timeout | undefined;

  constructor(collaborators: HoldingCollaborators) {
    this.#with = collaborators;
    this.#pausedUntil = collaborators.pause.load();
    this.#hours = new HoursWatch({
      clock: collaborators.clock,
      changed: () => {
        this.#overridden.delete('hours');
        collaborators.changed();
      },
    });
  }

  /** Throws POTLUCK_USAGE where the hours of the settings cannot be read. */
  start(): void {
    this.#hours.set(this.#with.settings().hours);
    this.#waitForEnd();
  }

  close(): void {
    this.#hours.close();
    clearTimeout(this.#timer);
  }

  /** Milliseconds since 1970; null where it is not paused by hand. */
  get pausedUntil(): number | null {
    return this.#pausedUntil;
  }

  get verdict(): Verdict {
    const { uploadCap, conditions: policies } = this.#with.settings();
    const overridden = new Set([...this.#overridden].filter((one) => one !== 'hours'));
    return judge({ conditions: this.#with.conditions(), policies, overridden, uploadCap });
  }

  /** What the engine is to do now. */
  get wanted(): Wanted {
    const { downloadCap, memory, disk } = this.#with.settings();
    const { paused, uploadCap } = this.verdict;
    const holds = new Set<HoldReason>(paused);
    if (this.#pausedUntil !== null) holds.add('user');
    if (!this.#hours.open && !this.#overridden.has('hours')) holds.add('hours');
    return { holds, uploadCap, downloadCap, memory, disk };
  }

  /** Pauses until then, or goes on (null). */
  pause(until: number | null): void {
    const past = until !== null && until <= this.#with.clock.now();
    this.#pausedUntil = past ? null : until;
    this.#with.pause.keep(this.#pausedUntil);
    this.#waitForEnd();
    this.#with.changed();
  }

  /** Serves in spite of these conditions until they change. */
  override(...conditions: readonly (Condition | 'hours')[]): void {
    for (const one of conditions) this.#overridden.add(one);
    this.#with.changed();
  }

  conditionsChanged(changed: readonly Condition[]): void {
    for (const one of changed) this.#overridden.delete(one);
    this.#with.changed();
  }

  /** The hours or another setting have changed. Throws POTLUCK_USAGE where the hours cannot be read. */
  settingsChanged(): void {
    this.#hours.set(this.#with.settings().hours);
    this.#with.changed();
  }

  /** The clock may have moved on: after sleep. */
  look(): void {
    this.#hours.look();
    this.#waitForEnd();
  }

  #waitForEnd(): void {
    clearTimeout(this.#timer);
    if (this.#pausedUntil === null) return;
    const wait = this.#pausedUntil - this.#with.clock.now();
    if (wait <= 0) this.pause(null);
    else this.#timer = setTimeout(() => this.#waitForEnd(), Math.min(wait, LONGEST_TIMER)).unref();
  }
}
