import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/engine/base/clock.ts';
import { silentLog } from '../../../src/engine/base/log.ts';
import { Identity } from '../../../src/engine/content/signature.ts';
import { HeadMaker } from '../../../src/engine/load/head-maker.ts';
import { HeadTable } from '../../../src/engine/load/heads.ts';
import { KeptContent } from '../../../src/engine/load/kept-content.ts';
import type { LiveHead } from '../../../src/engine/load/live-head.ts';
import { KeptHeads } from '../../../src/engine/manager/kept-heads.ts';
import { PurgeIndex } from '../../../src/engine/protocol/purges.ts';
import { type TempFolder, tempFolder } from '../../support/help.ts';
import { makeHead } from '../load/heads.ts';

const MIB = 1024 * 1024;

describe('The heads of a manager over a restart', () => {
  let folder: TempFolder;
  let clock: ManualClock;
  let purges: PurgeIndex;
  let identity: Identity;
  let origin: URL;
  let kept: KeptContent;
  let heads: HeadTable;
  let maker: HeadMaker;
  let keeper: KeptHeads;
  let observed: string[];

  beforeEach(async () => {
    folder = tempFolder('potluck-kept-');
    clock = new ManualClock();
    purges = new PurgeIndex({ max: 100 });
    identity = Identity.generate();
    origin = new URL('http://origin.example/');
    await begin();
  });
  afterEach(async () => {
    await kept.close();
    folder.remove();
  });

  async function begin(): Promise<void> {
    const options = { folder: join(folder.path, 'cache'), memory: 16 * MIB, disk: 64 * MIB, admitAfter: 1 };
    kept = await KeptContent.open({ clock, log: silentLog }, options);
    heads = new HeadTable({ bytes: 64 * MIB });
    maker = new HeadMaker({ identity, generations: purges, clock }, { cacheTime: 30 });
    observed = [];
    const memory = {
      observe: (object: string) => void observed.push(object),
      mayResume: () => true,
      given: () => undefined,
    };
    const origins = { baseOf: () => origin };
    keeper = new KeptHeads({ kept, heads, maker, origins, purges, memory, clock, log: silentLog });
    await keeper.start();
  }

  /** Stops, lets time pass, and starts again. */
  async function restart(during: () => void): Promise<void> {
    await kept.close();
    during();
    await begin();
  }

  const keep = (target: string, serial = 1) =>
    heads.put(maker.resume(makeHead({ target, fresh: 60, age: 10, serial }), 0));
  const only = () => {
    const all = [...heads.all()];
    expect(all).toHaveLength(1);
    return all[0] as LiveHead;
  };

  it('go on ageing by the clock on the wall, from when they were written', async () => {
    keep('/a', 5_000_000_000_000_000);
    clock.advance(4000);
    await restart(() => clock.advance(20_000));
    const live = only();
    expect(live.freshness(clock.monotonic())).toBeCloseTo(36, 0);
    expect(live.age(clock.monotonic())).toBe(34);
    expect(observed).toEqual([live.head.object]);
    const next = maker.amend(live, { digest: 'f'.repeat(64) });
    expect(next.head.serial).toBeGreaterThan(5_000_000_000_000_000);
    await restart(() => clock.advance(60_000));
    expect(only().freshness(clock.monotonic())).toBeLessThan(0);
  });

  it('are stale where the clock on the wall went back', async () => {
    keep('/a');
    await restart(() => clock.jump(-3_600_000));
    expect(only().freshness(clock.monotonic())).toBeLessThan(0);
    expect(only().age(clock.monotonic())).toBeGreaterThanOrEqual(10);
  });

  it('do not come back where they were purged, and are stale where that was soft, whenever it was', async () => {
    for (const target of ['/hard', '/soft', '/late', '/other']) keep(target);
    await restart(() => {
      purges.apply({ number: 1, group: 'default', kind: 'url', value: '/hard', soft: false });
      purges.apply({ number: 2, group: 'default', kind: 'url', value: '/soft', soft: true });
    });
    const targets = () => [...heads.all()].map(({ head }) => head.target).sort();
    expect(targets()).toEqual(['/late', '/other', '/soft']);
    const late = [...heads.all()].find(({ head }) => head.target === '/late') as LiveHead;
    heads.expire(late);
    keeper.purged(2);
    await restart(() => clock.advance(1000));
    const stale = [...heads.all()].filter((live) => live.freshness(clock.monotonic()) < 0);
    expect(stale.map(({ head }) => head.target).sort()).toEqual(['/late', '/soft']);
  });

  it('are dropped with their pieces where their group has another origin now', async () => {
    const live = keep('/a');
    const lease = await kept.store.reserve(10, 'member');
    lease.commit({ dir: live.dir, id: '0'.repeat(32), meta: Buffer.alloc(0) }).release();
    await restart(() => {
      origin = new URL('http://elsewhere.example/');
    });
    expect(heads.size).toBe(0);
    expect(kept.store.has(live.dir, '0'.repeat(32))).toBe(false);
  });

  it('are dropped where the manager has another key', async () => {
    keep('/a');
    await restart(() => {
      identity = Identity.generate();
    });
    expect(heads.size).toBe(0);
  });
});
