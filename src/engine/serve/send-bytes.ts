import type { Flow, Throttle } from '../rate/throttle.ts';
import type { Entry } from '../store/store.ts';
import type { Exchange } from './exchange.ts';

/**
 * Writes bytes as the throttle lets them go and the client takes them; resolves once the kernel has all of them. Slices that may go at once
 * leave together, so that a cap that is not reached costs nothing. Rejects with an AbortError when the client goes away.
 */
export async function writeSlices(exchange: Exchange, bytes: Buffer, throttle: Throttle, flow: Flow): Promise<void> {
  let sent = 0;
  for (let allowed = 0; sent < bytes.length; ) {
    let turn: undefined | Promise<void>;
    let asked = 0;
    while (turn === undefined && allowed < bytes.length) {
      asked = Math.min(throttle.rate === undefined ? bytes.length : throttle.slice(), bytes.length - allowed);
      turn = flow.take(asked, exchange.signal);
      if (turn === undefined) allowed += asked;
    }
    const batch = allowed > sent ? exchange.write(bytes.subarray(sent, allowed)) : undefined;
    sent = allowed;
    if (turn === undefined) await batch;
    else {
      await Promise.all([batch, turn]);
      allowed += asked;
    }
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
