import { abortReason, PotluckError } from '../base/errors.ts';
import { choose, type Wanted } from './choose.ts';
import type { Finder } from './finder.ts';
import type { FoundManager } from './found.ts';

/** After the first manager has shown up, others get this long to show up too, milliseconds. */
const SETTLE = 1000;
/** How long a peer looks in all before it gives up. */
const LOOK_TIMEOUT = 5000;

export interface LookOptions {
  readonly signal?: AbortSignal;
  readonly settle?: number;
  readonly timeout?: number;
}

/** The manager with this key, as soon as a started finder has seen it; undefined where that does not happen in time, or the signal ends it. */
export async function lookForKey(
  finder: Finder,
  fingerprint: string,
  options: { readonly signal: AbortSignal; readonly timeout: number },
): Promise<FoundManager | undefined> {
  const { signal, timeout } = options;
  const seen = () => finder.managers.find((manager) => manager.fingerprint === fingerprint);
  if (timeout <= 0 || seen() !== undefined) return seen();
  const over = AbortSignal.any([signal, AbortSignal.timeout(timeout)]);
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = () => resolve();
  const unsubscribe = finder.subscribe(() => seen() !== undefined && end());
  over.addEventListener('abort', end);
  if (!over.aborted) await promise;
  unsubscribe();
  over.removeEventListener('abort', end);
  return seen();
}

/**
 * Waits until a started finder has seen a manager to join, and returns those to try, the best first. The pinned one is taken at once; without
 * it, and with one pinned, the whole time is waited for it. Throws POTLUCK_MANAGER_NOT_FOUND with what was seen.
 */
export async function lookForManager(
  finder: Finder,
  wanted: Wanted,
  options: LookOptions = {},
): Promise<readonly FoundManager[]> {
  const { signal, settle = SETTLE, timeout = LOOK_TIMEOUT } = options;
  await new Promise<void>((resolve, reject) => {
    let settling: NodeJS.Timeout | undefined;
    const look = () => {
      const pinned = finder.managers.some(({ fingerprint }) => fingerprint === wanted.pinned);
      if (pinned) end();
      else if (wanted.pinned === undefined && choose(wanted, finder.managers).candidates.length > 0) {
        settling ??= setTimeout(end, settle);
      }
    };
    const end = () => {
      clearTimeout(settling);
      clearTimeout(late);
      unsubscribe();
      signal?.removeEventListener('abort', end);
      if (signal?.aborted === true) reject(abortReason(signal));
      else resolve();
    };
    const late = setTimeout(end, timeout);
    const unsubscribe = finder.subscribe(look);
    signal?.addEventListener('abort', end);
    if (signal?.aborted === true) end();
    else look();
  });
  const { candidates, reason } = choose(wanted, finder.managers);
  if (candidates.length === 0) throw new PotluckError('POTLUCK_MANAGER_NOT_FOUND', reason);
  return candidates;
}
