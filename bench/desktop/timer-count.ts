/**
 * Loaded before everything else (`--import`), it counts the timers and immediates of a process that really run, those of Node's own
 * inside as well, by where they were made.
 */
import { createHook } from 'node:async_hooks';

const KINDS = new Set(['Timeout', 'Immediate']);
/** Lines of a stack that are looked at for who made a timer. */
const DEPTH = 12;

const made = new Map<number, { readonly kind: string; readonly stack: Error }>();
let fired: Map<string, number> | undefined;

function note(id: number): void {
  const timer = made.get(id);
  if (timer === undefined || fired === undefined) return;
  const name = `${timer.kind} ${maker(timer.stack)}`;
  fired.set(name, (fired.get(name) ?? 0) + 1);
}

/** File and line of ours that made it; of Node where none of ours is among the callers. */
function maker({ stack = '' }: Error): string {
  const lines = stack.split('\n').slice(1);
  const frames = lines.map((line) => /\(?([^\s()]+:\d+):\d+\)?$/.exec(line)?.[1] ?? '').filter((frame) => frame !== '');
  const others = frames.filter((frame) => !frame.startsWith('node:') && !frame.includes('/timer-count.ts'));
  return (others[0] ?? frames.at(-1) ?? 'unknown').replace(/^file:\/\/.*?\/(?=(?:src|test|bench|node_modules)\/)/, '');
}

createHook({
  init(id, kind) {
    if (!KINDS.has(kind)) return;
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = DEPTH;
    made.set(id, { kind, stack: new Error(kind) });
    Error.stackTraceLimit = stackTraceLimit;
  },
  before: note,
  destroy: (id) => void made.delete(id),
}).enable();

/** Begins to count. */
export function countTimers(): void {
  fired = new Map();
}

/** What ran since then: how often, by kind and place. */
export function timersFired(): Record<string, number> {
  return Object.fromEntries([...(fired ?? [])].sort(([, one], [, other]) => other - one));
}
