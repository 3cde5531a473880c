import type { Condition, ConditionPolicy, ConditionState } from '../../../engine/protocol/desktop.ts';

/** Every condition, in the order in which they are shown. */
export const CONDITIONS: readonly Condition[] = ['battery', 'metered', 'vpn', 'busy'];

/** Serving slower means a quarter of the cap; without one, this many bytes a second. The window's `conditionsHint` says so. */
const SLOW_WITHOUT_CAP = 2 * 2 ** 20;
/** Never less than this: slower than that is a pause that nobody sees. */
const SLOWEST = 64 * 1024;

export interface Verdict {
  /** Conditions for which the peer pauses. */
  readonly paused: readonly Condition[];
  /** Conditions for which it serves slower; empty while it pauses. */
  readonly slowed: readonly Condition[];
  /** The cap that is to be obeyed, bytes a second; null: none. */
  readonly uploadCap: number | null;
}

export interface Circumstances {
  readonly conditions: Readonly<Record<Condition, ConditionState>>;
  readonly policies: Readonly<Record<Condition, ConditionPolicy>>;
  /** Conditions that the person overrides for now. */
  readonly overridden: ReadonlySet<Condition>;
  /** The cap that the person has set; null: none. */
  readonly uploadCap: number | null;
}

/** What the conditions make of the peer. What is unknown never holds it back. */
export function judge({ conditions, policies, overridden, uploadCap }: Circumstances): Verdict {
  const holding = CONDITIONS.filter((one) => conditions[one] === 'yes' && !overridden.has(one));
  const paused = holding.filter((one) => policies[one] === 'pause');
  const slowed = paused.length > 0 ? [] : holding.filter((one) => policies[one] === 'slower');
  return { paused, slowed, uploadCap: slowed.length === 0 ? uploadCap : slowCap(uploadCap) };
}

function slowCap(cap: number | null): number {
  if (cap === null) return SLOW_WITHOUT_CAP;
  return Math.min(cap, Math.max(SLOWEST, Math.floor(cap / 4)));
}
