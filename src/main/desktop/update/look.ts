import type { KeyObject } from 'node:crypto';
import { PotluckError } from '../../../engine/base/errors.ts';
import { FEED_NAME, INSTALLERS_PREFIX, SIGNATURE_NAME } from '../../../engine/protocol/installers.ts';
import { HEALTH_PATH } from '../../../engine/protocol/paths.ts';
import { type Feed, MAX_FEED, openFeed, refused } from './feed.ts';
import { type Get, readWhole } from './http.ts';

/** A look is three short answers. A manager that takes longer than this for them is given up, milliseconds. */
const PATIENCE = 60_000;

/** The manager that was joined, and the key that was pinned then. */
export interface PinnedManager {
  readonly url: string;
  readonly fingerprint: string;
}

export interface LookOptions {
  readonly manager: PinnedManager;
  readonly key: KeyObject;
  readonly signal: AbortSignal;
  readonly patience?: number;
}

/**
 * The feed of the pinned manager, if it offers one. Rejects with POTLUCK_UPDATE_REFUSED where it is not genuine or another manager answers,
 * with POTLUCK_MANAGER_UNREACHABLE where it cannot be had, or with the signal's reason.
 */
export async function lookForFeed(get: Get, options: LookOptions): Promise<Feed | undefined> {
  const late = AbortSignal.timeout(options.patience ?? PATIENCE);
  const signal = AbortSignal.any([options.signal, late]);
  try {
    return await look(get, { ...options, signal });
  } catch (error) {
    if (options.signal.aborted) throw options.signal.reason;
    if (!late.aborted) throw error;
    const { origin } = new URL(options.manager.url);
    throw new PotluckError('POTLUCK_MANAGER_UNREACHABLE', `${origin} (it took too long)`, { cause: error });
  }
}

async function look(get: Get, { manager, key, signal }: LookOptions): Promise<Feed | undefined> {
  const whole = async (path: string) => {
    const answer = await get(manager.url + path, { signal });
    if (answer.status !== 200) answer.body.destroy();
    return answer.status === 200 ? readWhole(answer, MAX_FEED) : undefined;
  };
  const health = await whole(HEALTH_PATH);
  if (fingerprintIn(health) !== manager.fingerprint) throw refused('another manager answers in the place of ours');
  const bytes = await whole(INSTALLERS_PREFIX + FEED_NAME);
  if (bytes === undefined) return undefined;
  const signature = await whole(INSTALLERS_PREFIX + SIGNATURE_NAME);
  return openFeed(bytes, signature?.toString('latin1') ?? '', key);
}

function fingerprintIn(health: Buffer | undefined): string | undefined {
  try {
    const { fingerprint } = Object(JSON.parse(health?.toString() ?? '')) as { fingerprint?: unknown };
    return typeof fingerprint === 'string' ? fingerprint : undefined;
  } catch {
    return undefined;
  }
}
