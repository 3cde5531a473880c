import type { Clock } from '../base/clock.ts';
import { asPotluckError, type PotluckError } from '../base/errors.ts';
import { KeyChangedError } from '../base/key-changed.ts';
import {
  MAX_LISTED_DOWNLOADS,
  type PeerDownload,
  type PeerSnapshot,
  type PeerState,
  type PeerTotals,
} from '../base/running-peer.ts';
import type { MemoryGrant } from '../load/memory-grant.ts';
import type { LoaderStats } from '../load/piece-sources.ts';
import type { Meter } from '../rate/meter.ts';
import type { Throttle } from '../rate/throttle.ts';
import type { ServeStats } from '../serve/access.ts';
import type { Download, Downloads } from '../serve/downloads.ts';
import type { Store } from '../store/store.ts';
import type { Holds } from './holds.ts';
import type { Membership } from './membership.ts';
import type { PeerSession } from './session.ts';
import { diskUse, memoryInUse } from './tiers.ts';

/** Changes within so many milliseconds are told together. */
const TELL_AFTER = 50;
/** What the meters look back over, milliseconds. */
const RATE_WINDOW = 1000;

export interface PeerViewCollaborators {
  readonly session: Pick<PeerSession, 'standing'>;
  readonly membership: Membership;
  readonly holds: Holds;
  readonly store: Store;
  readonly grant: MemoryGrant;
  readonly upload: Throttle;
  readonly download: Throttle;
  readonly up: Meter;
  readonly down: Meter;
  readonly downloads: Downloads;
  readonly served: () => ServeStats;
  readonly loaded: () => LoaderStats;
  /** Bytes that members were sent. */
  readonly toMembers: () => number;
  readonly port: () => number;
  readonly clock: Clock;
}

/** How far its life has come, beside what the session says. */
export interface Phase {
  readonly draining: boolean;
  readonly ended: boolean;
  /** Why it ended, where nobody here asked for it. */
  readonly reason: PotluckError | string | undefined;
}

/** What a window shows of a running peer. It costs what it costs when somebody looks, and next to nothing otherwise. */
export class PeerView {
  readonly #with: PeerViewCollaborators;
  readonly #phase: () => Phase;
  readonly #listeners = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;
  #told = '';
  #saved = 0;

  constructor(collaborators: PeerViewCollaborators, options: { phase: () => Phase }) {
    this.#with = collaborators;
    this.#phase = options.phase;
  }

  /** As RunningPeer.subscribe. */
  subscribe(listener: () => void): () => void {
    this.#told = this.#signature();
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Something may be another than before. On the path of requests: it costs nothing while nobody listens, and a flag else. */
  readonly changed = (): void => {
    if (this.#listeners.size === 0 || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => this.look(), TELL_AFTER).unref();
  };

  /** Looks at once whether something is another than before: for what nobody says, such as a disk that is full. */
  look(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#listeners.size === 0) return;
    const now = this.#signature();
    if (now === this.#told) return;
    this.#told = now;
    for (const listener of this.#listeners) listener();
  }

  /** Tells the last change and ends. */
  close(): void {
    this.look();
    this.#listeners.clear();
  }

  snapshot(): PeerSnapshot {
    const { session, membership, holds, store, grant, upload, download, up, down, served, clock } = this.#with;
    const running = this.#with.downloads.list();
    const state = this.#state();
    const { grant: disk, used } = diskUse(store);
    return {
      state,
      holds: holds.reasons,
      ...this.#trouble(),
      reachable: session.standing.reachable ?? null,
      manager: this.#manager(),
      port: this.#with.port(),
      downloads: running.slice(0, MAX_LISTED_DOWNLOADS).map((one) => listed(one, clock)),
      running: served().running,
      uploadRate: up.rate,
      downloadRate: down.rate,
      uploadCap: upload.rate ?? null,
      downloadCap: download.rate ?? null,
      totals: this.#totals(running),
      memory: { grant: grant.totalOf(store), used: memoryInUse(store) },
      disk: { grant: disk, used },
      remaining: state === 'draining' ? remaining(running, up.rate, clock.monotonic()) : null,
      clockDifference: membership.clockDifference ?? null,
    };
  }

  /** What `subscribe` promises to tell of. */
  #signature(): string {
    const { holds, session, served } = this.#with;
    const { reachable } = session.standing;
    const parts = [this.#state(), holds.reasons, this.#trouble(), reachable, this.#manager(), served().running];
    return JSON.stringify(parts);
  }

  #state(): PeerState {
    const { ended, draining } = this.#phase();
    if (ended) return 'ended';
    if (draining) return 'draining';
    const { connected, fresh, reachable } = this.#with.session.standing;
    if (!connected) return fresh ? 'joining' : 'disconnected';
    if (this.#with.holds.reasons.length > 0) return 'holding';
    if (reachable === undefined) return 'joining';
    return reachable ? 'sharing' : 'unreachable';
  }

  #trouble(): Pick<PeerSnapshot, 'trouble' | 'troubleCode' | 'keyChange'> {
    const { standing } = this.#with.session;
    const { ended, reason } = this.#phase();
    const error = reason instanceof Error ? reason : ended ? undefined : standing.error;
    if (error !== undefined) {
      const keyChange = error instanceof KeyChangedError ? error.details : null;
      return { trouble: error.message, troubleCode: asPotluckError(error).code, keyChange };
    }
    const words = ended ? reason : standing.trouble;
    const none = { troubleCode: null, keyChange: null };
    if (words !== undefined) return { ...none, trouble: String(words) };
    if (ended || !diskUse(this.#with.store).full) return { ...none, trouble: null };
    return {
      ...none,
      trouble: 'the disk is full: what is new is kept in memory only',
      troubleCode: 'POTLUCK_DISK_FULL',
    };
  }

  #manager(): PeerSnapshot['manager'] {
    const { membership } = this.#with;
    const { joined } = membership;
    if (joined === undefined) return null;
    const { url, name = '', verifier } = joined;
    return { url, name, fingerprint: verifier.fingerprint, members: membership.size };
  }

  #totals(running: readonly Download[]): PeerTotals {
    const { served, loaded, toMembers } = this.#with;
    const { requests, internal, redirects, hits, bytes } = served();
    const { memberBytes, shieldBytes } = loaded();
    const toClients = running.reduce((sum, one) => sum + one.sent, bytes);
    this.#saved = Math.max(this.#saved, toClients - shieldBytes);
    return {
      served: toClients + toMembers(),
      fetched: memberBytes + shieldBytes,
      saved: this.#saved,
      requests: requests - internal - redirects,
      hits,
    };
  }
}

function listed(download: Download, clock: Clock): PeerDownload {
  const { id, client, target, startedAt, sent, length } = download;
  const started = Math.round(clock.now() - (clock.monotonic() - startedAt));
  return { id, client, target, startedAt: started, sent, length: length ?? null };
}

/**
 * Of these downloads, the oldest first; an answer whose length nobody knows makes the sum unknown, and a rate is none before it was seen for as
 * long as it is measured over. `rate`: bytes a second.
 */
function remaining(running: readonly Download[], rate: number, now: number): NonNullable<PeerSnapshot['remaining']> {
  let bytes = 0;
  for (const { sent, length } of running) {
    if (length === undefined) return { bytes: null, seconds: null };
    bytes += Math.max(0, length - sent);
  }
  if (bytes === 0) return { bytes, seconds: 0 };
  const seen = now - (running[0]?.startedAt ?? now) >= RATE_WINDOW;
  return { bytes, seconds: seen && rate > 0 ? bytes / rate : null };
}
