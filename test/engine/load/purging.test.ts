import { afterEach, describe, expect, it } from 'vitest';
import { pieceId } from '../../../src/engine/content/piece.ts';
import { HeadTable } from '../../../src/engine/load/heads.ts';
import type { LiveHead } from '../../../src/engine/load/live-head.ts';
import { applyPurge } from '../../../src/engine/load/purging.ts';
import { MemoryStore } from '../../../src/engine/store/memory-store.ts';
import { makeLive } from './heads.ts';

describe('a purge', () => {
  const store = new MemoryStore({}, { grant: 1024 * 1024 });
  const heads = new HeadTable({ bytes: 1024 * 1024 });

  afterEach(() => {
    for (const live of [...heads.all()]) store.deleteDirectory(live.dir);
    heads.clear();
    expect(store.stats()).toMatchObject({ held: 0, entries: 0 });
  });

  function keep(live: LiveHead): LiveHead {
    heads.put(live);
    const lease = store.tryReserve(10, 'member');
    lease?.commit({ dir: live.dir, id: pieceId(live.head.revision, 0), meta: Buffer.alloc(0) }).release();
    return live;
  }

  const isThere = (live: LiveHead) =>
    heads.byObject(live.head.object) === live && store.has(live.dir, pieceId(live.head.revision, 0));
  const purge = (kind: 'url' | 'prefix' | 'tag' | 'group', value: string, soft = false, group = 'default') =>
    applyPurge({ heads, store }, { kind, value, soft, group });

  it('of a URL takes all its variants and nothing else', async () => {
    const hit = [
      keep(makeLive({ target: '/a', vary: [['accept-language', 'de']] })),
      keep(makeLive({ target: '/a', vary: [['accept-language', 'en']] })),
    ];
    const other = [keep(makeLive({ target: '/a/b' })), keep(makeLive({ target: '/a', group: 'other' }))];
    expect(await purge('url', '/a')).toBe(2);
    expect(hit.map(isThere)).toEqual([false, false]);
    expect(hit.every(({ retired }) => retired)).toBe(true);
    expect(other.map(isThere)).toEqual([true, true]);
  });

  it('of a URL takes pieces whose head is forgotten already', async () => {
    const live = keep(makeLive({ target: '/a' }));
    heads.drop(live);
    expect(await purge('url', '/a')).toBe(0);
    expect(store.has(live.dir, pieceId(live.head.revision, 0))).toBe(false);
  });

  it('of a prefix, a tag, a group takes what has it', async () => {
    const tagged = keep(makeLive({ target: '/x', headers: ['Cache-Tag', 'news, sport'] }));
    const [deep, side] = [keep(makeLive({ target: '/deep/file' })), keep(makeLive({ target: '/deeper' }))];
    expect(await purge('tag', 'spor')).toBe(0);
    expect(await purge('tag', 'sport')).toBe(1);
    expect(await purge('prefix', '/deep/')).toBe(1);
    expect([tagged, deep, side].map(isThere)).toEqual([false, false, true]);
    expect(await purge('group', '')).toBe(1);
    expect(isThere(side)).toBe(false);
  });

  it('that is soft makes stale and keeps the bytes', async () => {
    const live = keep(makeLive({ target: '/a', fresh: 60 }));
    expect(await purge('url', '/a', true)).toBe(1);
    expect(isThere(live)).toBe(true);
    expect(live.freshness(0)).toBeLessThan(0);
  });
});
