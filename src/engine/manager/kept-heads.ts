import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Head } from '../content/head.ts';
import type { HeadMaker } from '../load/head-maker.ts';
import type { HeadTable } from '../load/heads.ts';
import type { KeptContent } from '../load/kept-content.ts';
import type { LiveHead } from '../load/live-head.ts';
import type { Origins } from '../load/origin.ts';
import { concerns } from '../load/purging.ts';
import type { RevisionMemory } from '../load/revision-memory.ts';
import type { Purge } from '../protocol/messages.ts';
import type { PurgeLog } from './purge-log.ts';

/** What is written of a head: as it stood at that moment, milliseconds since 1970, and the origin that it came from. */
interface Written {
  readonly head: Head;
  readonly at: number;
  readonly origin: string;
}

/** Heads that are taken in between two turns of the event loop. */
const HEADS_AT_ONCE = 500;

export interface KeptHeadsCollaborators {
  readonly kept: KeptContent;
  readonly heads: HeadTable;
  readonly maker: HeadMaker;
  readonly origins: Pick<Origins, 'baseOf'>;
  readonly purges: Pick<PurgeLog, 'last' | 'since'>;
  readonly memory: RevisionMemory;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * The manager's heads over restarts. Freshness and age go on by the clock on the wall, for no other one runs meanwhile: a response is as old
 * as it would be had the manager never stopped (RFC 9111 section 4.2.3). Where that clock has gone backwards nobody knows how old it is, and
 * it is validated.
 */
export class KeptHeads {
  readonly #with: KeptHeadsCollaborators;

  constructor(collaborators: KeptHeadsCollaborators) {
    this.#with = collaborators;
  }

  /** Takes in what was kept and still counts, and keeps what is there from now on. */
  async start(): Promise<void> {
    const { kept, heads, maker, purges, log } = this.#with;
    if (kept.claim(maker.signer) && kept.found !== undefined) {
      const elsewhere = await this.#restore(kept.found.heads.values(), this.#softSince(kept.found.purged));
      await kept.store.purge(elsewhere);
      if (heads.size > 0) log.info({ heads: heads.size }, 'what was stored before is here again');
    }
    kept.follow(heads, (live) => this.#write(live), purges.last);
  }

  /** Heads and pieces have been through this purge. */
  purged(number: number): void {
    this.#with.kept.purged(number);
  }

  /** Directories of what came from another origin than its group has now. */
  async #restore(all: Iterable<unknown>, soft: readonly Purge[] | undefined): Promise<Set<string>> {
    const { heads, maker, memory } = this.#with;
    const elsewhere = new Set<string>();
    let done = 0;
    for (const written of all as Iterable<Written>) {
      if (++done % HEADS_AT_ONCE === 0) await new Promise((resolve) => setImmediate(resolve));
      const live = this.#revive(written);
      if (this.#originOf(live) !== written.origin) elsewhere.add(live.dir);
      else if (maker.isCurrent(live.head)) {
        if (soft === undefined || soft.some((purge) => concerns(purge, live))) live.expire();
        memory.observe(live.head.object, live.head.revision);
        heads.put(live);
      }
    }
    return elsewhere;
  }

  /** Soft purges that what was kept has not been through; undefined where nobody knows. */
  #softSince(number: number | undefined): readonly Purge[] | undefined {
    const since = number === undefined ? undefined : this.#with.purges.since(number);
    return since?.filter(({ soft }) => soft);
  }

  #revive({ head, at }: Written): LiveHead {
    const { clock, maker } = this.#with;
    const elapsed = clock.now() - at;
    if (elapsed >= 0) return maker.resume(head, elapsed);
    const live = maker.resume(head, 0);
    live.expire();
    return live;
  }

  #write(live: LiveHead): Written {
    const { clock } = this.#with;
    const now = clock.monotonic();
    const head = { ...live.head, fresh: live.freshness(now), age: live.age(now) };
    return { head, at: clock.now(), origin: this.#originOf(live) };
  }

  #originOf({ head }: LiveHead): string {
    return this.#with.origins.baseOf(head.group)?.href ?? '';
  }
}
