import type { ServerResponse } from 'node:http';
import type { Flow, Throttle } from '../rate/throttle.ts';
import type { Entry } from '../store/store.ts';

/** A member that takes nothing for this long is cut, milliseconds. */
const MEMBER_STALL = 15_000;

/**
 * Sends a whole entry as the rest of a response and gives its reference back when the kernel has it all. Slices are as long as the throttle
 * recommends. Resolves when sent or when the other side is gone: nobody has to be told.
 */
export async function sendEntry(
  response: ServerResponse,
  entry: Entry,
  flow: Flow,
  throttle: Throttle,
  signal: AbortSignal,
): Promise<void> {
  let sent = false;
  response.setTimeout(MEMBER_STALL, () => response.destroy());
  try {
    for (let at = 0; at < entry.bytes.length && !signal.aborted; ) {
      const end = Math.min(entry.bytes.length, at + throttle.slice());
      await flow.take(end - at, signal);
      if (!response.write(entry.bytes.subarray(at, end))) await drained(response, signal);
      at = end;
    }
    sent = await finished(response, signal);
  } catch {
    response.destroy(); // aborted: the signal says that the other side went away, or the throttle was closed
  } finally {
    flow.close();
    entry.release(!sent);
  }
}

function drained(response: ServerResponse, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    response.once('drain', done);
    signal.addEventListener('abort', done, { once: true });
  });
}

/** True when everything was handed to the kernel. */
function finished(response: ServerResponse, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve(false);
    response.once('finish', () => resolve(true));
    response.once('close', () => resolve(response.writableFinished));
    response.end();
  });
}
