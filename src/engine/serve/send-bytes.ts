import type { Flow, Throttle } from '../rate/throttle.ts';
import type { Entry } from '../store/store.ts';

/** Where bytes are written to: an exchange, or an answer on the fast path. */
export interface Sink {
  /** Aborts when the client is gone. */
  readonly signal: AbortSignal;
  /** Resolves once the kernel has the bytes. Rejects with an AbortError when the client goes away before that. */
  write(bytes: Buffer): Promise<void>;
}

/** A sink that knows whether the kernel may still read what was written to it when it was given up. */
export interface EntrySink extends Sink {
  readonly stillRead: boolean;
}

/** How much of some bytes may go. */
export interface Grant {
  /** Bytes from the beginning that may go now. */
  readonly allowed: number;
  /** Bytes behind them that may go after `turn`. */
  readonly asked: number;
  /** Undefined where all may go now. */
  readonly turn: undefined | Promise<void>;
}

/**
 * Asks the throttle for `size` bytes in slices, of which the first `from` were granted before, until it makes somebody wait. A cap that
 * is not reached grants all of them in one go.
 */
export function askFor(size: number, sink: Sink, throttle: Throttle, flow: Flow, from = 0): Grant {
  let allowed = from;
  while (allowed < size) {
    const asked = Math.min(throttle.rate === undefined ? size : throttle.slice(), size - allowed);
    const turn = flow.take(asked, sink.signal);
    if (turn !== undefined) return { allowed, asked, turn };
    allowed += asked;
  }
  return { allowed, asked: 0, turn: undefined };
}

/**
 * Writes bytes as the throttle lets them go and the client takes them; resolves once the kernel has all of them. Slices that may go at once
 * leave together. `granted`: what was asked for already. Rejects with an AbortError when the client goes away.
 */
export async function writeSlices(
  sink: Sink,
  bytes: Buffer,
  throttle: Throttle,
  flow: Flow,
  granted = askFor(bytes.length, sink, throttle, flow),
): Promise<void> {
  let sent = 0;
  for (let next = granted; ; next = askFor(bytes.length, sink, throttle, flow, next.allowed + next.asked)) {
    const { allowed, turn } = next;
    const batch = allowed > sent ? sink.write(bytes.subarray(sent, allowed)) : undefined;
    sent = allowed;
    if (turn === undefined) return batch;
    await Promise.all([batch, turn]);
  }
}

/**
 * Writes `before` and a stretch of an entry, whose reference is given back exactly once, whatever happens. `granted`: what was asked for
 * of the stretch already.
 */
export async function writeEntry(
  sink: EntrySink,
  entry: Entry,
  stretch: { start: number; end: number },
  throttle: Throttle,
  flow: Flow,
  { before, granted }: { before?: Buffer | undefined; granted?: Grant } = {},
): Promise<void> {
  let taken = false;
  try {
    if (before !== undefined) await writeSlices(sink, before, throttle, flow);
    await writeSlices(sink, entry.bytes.subarray(stretch.start, stretch.end), throttle, flow, granted);
    taken = true;
  } finally {
    entry.release(!taken && sink.stillRead);
  }
}
