import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/engine/base/clock.ts';
import { silentLog } from '../../../src/engine/base/log.ts';
import { PIECE_SIZE, pieceId } from '../../../src/engine/content/piece.ts';
import { Identity } from '../../../src/engine/content/signature.ts';
import { HeadTable } from '../../../src/engine/load/heads.ts';
import { KeptContent } from '../../../src/engine/load/kept-content.ts';
import { LiveHead } from '../../../src/engine/load/live-head.ts';
import { HeldContent } from '../../../src/engine/peer/held.ts';
import type { Purge } from '../../../src/engine/protocol/messages.ts';
import { PEER_PURGES, PurgeIndex } from '../../../src/engine/protocol/purges.ts';
import { type TempFolder, tempFolder } from '../../support/help.ts';
import { makeHead } from '../load/heads.ts';

const MIB = 1024 * 1024;
const manager = Identity.generate();

/** A peer's life, as far as it holds things. */
class Life {
  readonly purges = new PurgeIndex({ max: PEER_PURGES });
  readonly heads = new HeadTable({ bytes: 64 * MIB });
  readonly kept: KeptContent;
  readonly held: HeldContent;

  private constructor(kept: KeptContent) {
    this.kept = kept;
    const { heads, purges } = this;
    this.held = new HeldContent({ kept, heads, cluster: purges, clock: systemClock, log: silentLog });
  }

  static async begin(folder: string): Promise<Life> {
    const options = { folder: join(folder, 'cache'), memory: 16 * MIB, disk: 64 * MIB, admitAfter: 1 };
    const life = new Life(await KeptContent.open({ clock: systemClock, log: silentLog }, options));
    await life.held.start();
    return life;
  }

  /** As the session does it: what is known at the start, and what was missed since. */
  join(signer: string, missed: readonly Purge[] = [], last = missed.at(-1)?.number ?? 0): void {
    const known = this.held.purgedUnder(signer);
    this.held.joined(signer);
    this.purges.reset(known ?? last);
    this.held.missed(
      missed.filter((purge) => this.purges.apply(purge)),
      last,
    );
  }

  async keep(target: string, identity = manager): Promise<LiveHead> {
    const head = makeHead({ target, length: PIECE_SIZE + 1000, generation: this.purges.generation('default', target) });
    const live = this.heads.put(new LiveHead(head, systemClock.monotonic(), { signed: identity.signHead(head) }));
    for (const [index, length] of [PIECE_SIZE, 1000].entries()) {
      const lease = await this.kept.store.reserve(length, 'member');
      const name = { dir: live.dir, id: pieceId(head.revision, index) };
      lease.commit({ ...name, meta: Buffer.alloc(128) }).release();
    }
    return live;
  }

  get targets(): string[] {
    return [...this.heads.all()].map(({ head }) => head.target).sort();
  }

  pieces(): number {
    return [...this.held.pieces()].filter((piece) => piece !== undefined).length;
  }
}

const purge = (number: number, value: string, soft = false): Purge => ({
  number,
  group: 'default',
  kind: 'url',
  value,
  soft,
});

describe('What a peer holds', () => {
  let folder: TempFolder;
  let life: Life;
  beforeEach(async () => {
    folder = tempFolder('potluck-held-');
    life = await Life.begin(folder.path);
    life.join(manager.fingerprint, [], 5);
    for (const target of ['/a', '/b', '/c']) await life.keep(target);
  });
  afterEach(async () => {
    await life.kept.close();
    folder.remove();
  });
  const again = async () => {
    await life.kept.close();
    life = await Life.begin(folder.path);
  };

  it('is not to be found after a restart before its manager is joined, and stale then until that one has spoken', async () => {
    await again();
    expect(life.targets).toEqual([]);
    expect(life.held.purgedUnder(manager.fingerprint)).toBe(5);
    life.join(manager.fingerprint, [], 5);
    expect(life.targets).toEqual(['/a', '/b', '/c']);
    expect(life.pieces()).toBe(6);
    const [kept] = [...life.heads.all()] as [LiveHead];
    expect(kept.freshness(systemClock.monotonic())).toBeLessThan(0);
    const signed = kept.signedAt(systemClock.monotonic());
    const told = life.heads.put(new LiveHead(kept.head, systemClock.monotonic(), { signed }));
    expect(told).not.toBe(kept);
    expect(told.freshness(systemClock.monotonic())).toBeGreaterThan(50);
  });

  it('is purged of what was missed before it can be found, and stays so', async () => {
    await again();
    const gone = [...(life.kept.found?.heads.keys() ?? [])];
    expect(gone).toHaveLength(3);
    life.join(manager.fingerprint, [purge(6, '/a'), purge(7, '/b', true)]);
    expect(life.targets).toEqual(['/b', '/c']);
    await expect.poll(() => life.pieces()).toBe(4);
    const soft = [...life.heads.all()].find(({ head }) => head.target === '/b') as LiveHead;
    // What the manager said before the soft purge must not make it fresh again.
    const late = new LiveHead(soft.head, systemClock.monotonic(), { signed: soft.signedAt(0) });
    expect(life.heads.put(late)).toBe(soft);
    await again();
    expect(life.held.purgedUnder(manager.fingerprint)).toBe(7);
    life.join(manager.fingerprint, [], 7);
    expect(life.targets).toEqual(['/b', '/c']);
  });

  it('is dropped as a whole where the manager does not remember so far back', async () => {
    await again();
    life.held.joined(manager.fingerprint);
    life.purges.reset(2);
    life.held.reset();
    life.held.missed([], 2);
    expect(life.targets).toEqual([]);
    await again();
    expect(life.held.purgedUnder(manager.fingerprint)).toBe(2);
    life.join(manager.fingerprint, [], 2);
    expect(life.targets).toEqual([]);
    expect(life.kept.store.stats()).toMatchObject({ disk: { entries: 0 } });
  });

  it('is dropped where another manager is joined', async () => {
    await again();
    const other = Identity.generate();
    expect(life.held.purgedUnder(other.fingerprint)).toBeUndefined();
    life.join(other.fingerprint, [], 40);
    expect(life.targets).toEqual([]);
    await life.keep('/d', other);
    await again();
    expect(life.held.purgedUnder(manager.fingerprint)).toBeUndefined();
    expect(life.held.purgedUnder(other.fingerprint)).toBe(40);
    life.join(other.fingerprint, [], 40);
    expect(life.targets).toEqual(['/d']);
  });

  it('is told in turns with other things, however much it is', async () => {
    for (let i = 0; i < 2000; i++) {
      const head = makeHead({ target: `/many/${i}` });
      life.heads.put(new LiveHead(head, 0, { signed: manager.signHead(head) }));
    }
    const told = [...life.held.pieces()];
    expect(told.filter((piece) => piece === undefined).length).toBeGreaterThan(10);
    expect(life.pieces()).toBe(6);
  });
});
