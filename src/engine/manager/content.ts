import type { Clock } from '../base/clock.ts';
import type { Collector } from '../base/collector.ts';
import type { Log } from '../base/log.ts';
import type { ManagerSettings } from '../base/settings.ts';
import { pieceId } from '../content/piece.ts';
import { type Identity, type PieceProof, Verifier } from '../content/signature.ts';
import { collecting } from '../load/collecting.ts';
import { HeadMaker } from '../load/head-maker.ts';
import { HeadTable } from '../load/heads.ts';
import type { KeptContent } from '../load/kept-content.ts';
import type { LiveHead } from '../load/live-head.ts';
import type { MemoryGrant } from '../load/memory-grant.ts';
import { Origins } from '../load/origin.ts';
import { applyPurge } from '../load/purging.ts';
import type { RevisionMemory } from '../load/revision-memory.ts';
import { Shield } from '../load/shield.ts';
import { storedProof } from '../load/stored-proof.ts';
import type { Purge } from '../protocol/messages.ts';
import type { Throttle } from '../rate/throttle.ts';
import type { Store } from '../store/store.ts';
import type { PieceTruth } from './audit-read.ts';
import { DigestKeeper } from './digest.ts';
import { KeptHeads } from './kept-heads.ts';
import type { PurgeLog } from './purge-log.ts';

export interface ContentCollaborators {
  readonly identity: Identity;
  readonly grant: MemoryGrant;
  readonly kept: KeptContent;
  readonly purges: PurgeLog;
  readonly memory: RevisionMemory;
  readonly download: Throttle;
  readonly collector: Collector;
  readonly clock: Clock;
  readonly log: Log;
}

/** What a manager holds and where it comes from: store, heads, origins, shield, and the digests of what passes. */
export class ManagerContent {
  readonly grant: MemoryGrant;
  readonly store: Store;
  readonly heads: HeadTable;
  readonly maker: HeadMaker;
  readonly origins: Origins;
  readonly shield: Shield;
  readonly verifier: Verifier;
  readonly #digests: DigestKeeper;
  readonly #keptHeads: KeptHeads;

  constructor(collaborators: ContentCollaborators, settings: ManagerSettings) {
    const { identity, grant, kept, purges, memory, download, collector, clock, log } = collaborators;
    this.grant = grant;
    this.store = kept.store;
    this.heads = new HeadTable({ bytes: grant.heads });
    this.verifier = new Verifier(identity.publicKey);
    this.maker = new HeadMaker({ identity, generations: purges, clock }, settings);
    const name = `potluck-${identity.fingerprint.slice(0, 12)}`;
    this.origins = new Origins(
      { flow: collecting(download.flow('member'), collector) },
      { groups: originsOf(settings), name },
    );
    const { store, heads, maker, origins } = this;
    const arrived = (live: LiveHead, index: number, bytes: Buffer) => this.#digests.piece(live, index, bytes);
    const options = { memory: grant.pieces, caching: settings.cacheEnabled };
    this.shield = new Shield({ store, heads, maker, origins, memory, arrived, clock, log }, options);
    this.#keptHeads = new KeptHeads({ kept, heads, maker, origins, purges, memory, clock, log });
    this.#digests = new DigestKeeper({
      reread: async (live, index) => store.read(live.dir, pieceId(live.head.revision, index), 'member'),
      complete: (live, digest) => this.shield.digested(live, digest),
      log,
    });
  }

  /** Brings back what was held before the last restart. */
  start(): Promise<void> {
    return this.#keptHeads.start();
  }

  /** A purge takes effect when this returns; when it resolves, with how many objects were met, no restart undoes that. */
  async purge(purge: Purge): Promise<number> {
    const purged = await applyPurge(this, purge);
    this.#keptHeads.purged(purge.number);
    return purged;
  }

  /** The proof of a piece, from when it came, or from the store. */
  proof(live: LiveHead, index: number): PieceProof | undefined | Promise<PieceProof | undefined> {
    return this.maker.proofs.get(live.head.revision, index) ?? storedProof(this.store, live, index);
  }

  /** What a piece really is, without asking the origin: its hash, and its bytes where they are at hand. */
  async truth(live: LiveHead, index: number): Promise<PieceTruth | undefined> {
    const proof = await this.proof(live, index);
    if (proof === undefined) return undefined;
    const entry = await this.store.read(live.dir, pieceId(live.head.revision, index), 'member');
    if (entry === undefined) return { sha256: proof.sha256 };
    const bytes = Buffer.from(entry.bytes);
    entry.release();
    return { sha256: proof.sha256, bytes };
  }

  async close(): Promise<void> {
    this.#digests.close();
    this.shield.close();
    this.origins.close();
  }
}

function originsOf(settings: ManagerSettings): Map<string, URL> {
  const origins = new Map<string, URL>();
  if (settings.mirror !== undefined) origins.set('default', new URL(settings.mirror));
  for (const { name, origin } of settings.groups) if (origin !== undefined) origins.set(name, new URL(origin));
  return origins;
}
