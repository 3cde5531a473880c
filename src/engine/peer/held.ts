import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Head, SignedHead } from '../content/head.ts';
import { targetId } from '../content/key.ts';
import { pieceCount, pieceId } from '../content/piece.ts';
import type { Cluster, PieceName } from '../load/cluster.ts';
import type { HeadTable } from '../load/heads.ts';
import type { KeptContent } from '../load/kept-content.ts';
import { LiveHead } from '../load/live-head.ts';
import { applyPurge, concerns, takeOut } from '../load/purging.ts';
import { isPurged } from '../load/verified-fill.ts';
import type { Purge } from '../protocol/messages.ts';

/** What is written of a head: the text that the manager signed, and when it was received, milliseconds since 1970. */
interface Written {
  readonly signed: SignedHead;
  readonly at: number;
}

/** Pieces that are looked for between two chances to let others have their turn. */
const LOOKS = 500;
/** Heads that are read back between two turns of the event loop. */
const HEADS_AT_ONCE = 500;

export interface HeldContentCollaborators {
  readonly kept: KeptContent;
  readonly heads: HeadTable;
  readonly cluster: Pick<Cluster, 'generation'>;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * What a peer holds and brings back after a restart. Nothing of it is to be found before the peer has joined the manager that signed it, and what
 * was purged meanwhile has been taken out; and until the manager has said how fresh it is, all of it is stale.
 */
export class HeldContent {
  readonly #with: HeldContentCollaborators;
  #found: readonly LiveHead[] = [];
  #purging: Promise<unknown> = Promise.resolve();

  constructor(collaborators: HeldContentCollaborators) {
    this.#with = collaborators;
  }

  /** Reads back what was kept. */
  async start(): Promise<void> {
    const found: LiveHead[] = [];
    for (const written of this.#with.kept.found?.heads.values() ?? []) {
      const live = this.#revive(written as Written);
      if (live !== undefined) found.push(live);
      if (found.length % HEADS_AT_ONCE === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    this.#found = found;
  }

  /** Number of the last purge that what is kept has been through; undefined where nothing is kept that this key signed. */
  purgedUnder(signer: string): number | undefined {
    const { found } = this.#with.kept;
    return found?.signer === signer ? found.purged : undefined;
  }

  /** The peer has joined its manager for the first time: what that one signed is here again, everything else is gone. */
  joined(signer: string): void {
    const { kept, heads, log } = this.#with;
    const good = kept.claim(signer) && kept.found?.purged !== undefined;
    if (good) for (const live of this.#found) heads.put(live);
    if (heads.size > 0) log.info({ heads: heads.size }, 'what was stored before is here again');
    this.#found = [];
    kept.follow(heads, (live) => this.#write(live), good ? kept.found?.purged : undefined);
  }

  /** Many purges at once, which the cluster knows of already: all that happened while there was no session. */
  missed(purges: readonly Purge[], last: number): void {
    const { heads, cluster, kept } = this.#with;
    const soft = purges.filter((purge) => purge.soft);
    const dirs = new Set(purges.filter(isHardUrl).map(({ group, value }) => targetId(group, value)));
    for (const live of purges.length === 0 ? [] : [...heads.all()]) {
      if (isPurged(live, cluster)) {
        heads.drop(live);
        dirs.add(live.dir);
      } else if (soft.some((purge) => concerns(purge, live))) heads.expire(live);
    }
    this.#afterwards(takeOut({ heads, store: kept.store }, dirs), last);
  }

  purge(purge: Purge): void {
    const { heads, kept } = this.#with;
    this.#afterwards(applyPurge({ heads, store: kept.store }, purge), purge.number);
  }

  /** More was purged than anybody remembers: any of it may have been. */
  reset(): void {
    const { heads, kept } = this.#with;
    heads.clear();
    kept.store.clear();
  }

  /** The pieces that are here, for a manager that is joined; undefined now and then, when others should have their turn. */
  *pieces(): Generator<PieceName | undefined> {
    const { heads, kept } = this.#with;
    let looks = 0;
    for (const { dir, head } of heads.all()) {
      const count = pieceCount(head.length, head.pieceSize);
      for (let index = 0; index < count; index++) {
        if (++looks % LOOKS === 0) yield undefined;
        const id = pieceId(head.revision, index);
        if (kept.store.has(dir, id)) yield { dir, id };
      }
    }
  }

  *heads(): Generator<SignedHead> {
    const { heads, clock } = this.#with;
    for (const live of heads.all()) yield live.signedAt(clock.monotonic());
  }

  /** The number is written down once nothing that the purge took can come back. */
  #afterwards(purging: Promise<unknown>, number: number): void {
    this.#purging = Promise.all([this.#purging, purging]).then(
      () => this.#with.kept.purged(number),
      (error: unknown) => this.#with.log.error({ err: error, number }, 'a purge could not be written down'),
    );
  }

  #write(live: LiveHead): Written {
    const { clock } = this.#with;
    const now = clock.monotonic();
    return { signed: live.signedAt(now), at: clock.now() - (now - live.receivedAt) };
  }

  /** A head of before the restart. Its age goes on by the clock on the wall; how fresh it is nobody knows. */
  #revive({ signed, at }: Written): LiveHead | undefined {
    const { clock, log } = this.#with;
    try {
      const head = JSON.parse(signed.payload) as Head;
      const receivedAt = clock.monotonic() - Math.max(0, clock.now() - at);
      return new LiveHead(head, receivedAt, { signed, unconfirmed: true });
    } catch (error) {
      log.warn({ err: error }, 'a head that was kept cannot be read');
      return undefined;
    }
  }
}

function isHardUrl(purge: Purge): boolean {
  return purge.kind === 'url' && !purge.soft;
}
