import type { Clock } from '../base/clock.ts';
import type { Collector } from '../base/collector.ts';
import type { Log } from '../base/log.ts';
import type { ManagerSettings } from '../base/settings.ts';
import { pieceId } from '../content/piece.ts';
import { decodeProof, type Identity, Verifier } from '../content/signature.ts';
import { collecting } from '../load/collecting.ts';
import { HeadMaker } from '../load/head-maker.ts';
import { HeadTable } from '../load/heads.ts';
import type { LiveHead } from '../load/live-head.ts';
import { MemoryGrant } from '../load/memory-grant.ts';
import { Origins } from '../load/origin.ts';
import type { RevisionMemory } from '../load/revision-memory.ts';
import { Shield } from '../load/shield.ts';
import type { Throttle } from '../rate/throttle.ts';
import { MemoryStore } from '../store/memory-store.ts';
import type { PieceTruth } from './audit-read.ts';
import { DigestKeeper } from './digest.ts';
import type { PurgeLog } from './purge-log.ts';

export interface ContentCollaborators {
  readonly identity: Identity;
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
  readonly store: MemoryStore;
  readonly heads: HeadTable;
  readonly maker: HeadMaker;
  readonly origins: Origins;
  readonly shield: Shield;
  readonly verifier: Verifier;
  readonly #digests: DigestKeeper;

  constructor(collaborators: ContentCollaborators, settings: ManagerSettings) {
    const { identity, purges, memory, download, collector, clock, log } = collaborators;
    const grant = new MemoryGrant(settings.memory);
    this.grant = grant;
    this.store = new MemoryStore({}, { grant: grant.pieces });
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
    this.#digests = new DigestKeeper({
      reread: async (live, index) => store.read(live.dir, pieceId(live.head.revision, index), 'member'),
      complete: (live, digest) => this.shield.digested(live, digest),
      log,
    });
  }

  /** The proof of a piece, from when it came, or from the store. */
  proof(live: LiveHead, index: number) {
    const known = this.maker.proofs.get(live.head.revision, index);
    if (known !== undefined) return known;
    const entry = this.store.read(live.dir, pieceId(live.head.revision, index), 'member');
    if (entry === undefined || entry instanceof Promise) return undefined;
    const proof = decodeProof(entry.meta);
    entry.release();
    return proof;
  }

  /** What a piece really is, without asking the origin: its hash, and its bytes where they are at hand. */
  async truth(live: LiveHead, index: number): Promise<PieceTruth | undefined> {
    const proof = this.proof(live, index);
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
    await this.store.close();
  }
}

function originsOf(settings: ManagerSettings): Map<string, URL> {
  const origins = new Map<string, URL>();
  if (settings.mirror !== undefined) origins.set('default', new URL(settings.mirror));
  for (const { name, origin } of settings.groups) if (origin !== undefined) origins.set(name, new URL(origin));
  return origins;
}
