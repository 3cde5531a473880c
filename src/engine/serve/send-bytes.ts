import type { Flow, Throttle } from '../rate/throttle.ts';
import type { Entry } from '../store/store.ts';
import type { Exchange } from './exchange.ts';

/**
 * Writes bytes slice by slice, as the throttle lets them go and the client takes them; resolves once the kernel has all of them. Without a
 * cap there is one slice. Rejects with an AbortError when the client goes away.
 */
export async function writeSlices(exchange: Exchange, bytes: Buffer, throttle: Throttle, flow: Flow): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const slice = throttle.rate === undefined ? bytes.length - at : Math.min(throttle.slice(), bytes.length - at);
    const turn = flow.take(slice, exchange.signal);
    if (turn !== undefined) await turn;
    await exchange.write(slice === bytes.length ? bytes : bytes.subarray(at, at + slice));
    at += slice;
  }
}

/** Writes `before` and a stretch of an entry, whose reference is given back exactly once, whatever happens. */
export async function writeEntry(
  exchange: Exchange,
  entry: Entry,
  stretch: { start: number; end: number },
  throttle: Throttle,
  flow: Flow,
  before?: Buffer,
): Promise<void> {
  let taken = false;
  try {
    if (before !== undefined) await writeSlices(exchange, before, throttle, flow);
    await writeSlices(exchange, entry.bytes.subarray(stretch.start, stretch.end), throttle, flow);
    taken = true;
  } finally {
    entry.release(!taken);
  }
}
