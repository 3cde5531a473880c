import { execFileSync } from 'node:child_process';
import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startOriginProcess } from '../support/origin-process.ts';
import {
  curl,
  eventually,
  type Potluck,
  runPotluck,
  stopAll,
  type TempFolder,
  tempFolder,
} from '../support/program.ts';
import { logOf, post, reportOf, startManager, startPeer, stats, whenFit } from './nodes.ts';

vi.setConfig({ testTimeout: 60_000 }); // real processes, on a machine that may be busy with others

const MIB = 1024 * 1024;
const FILE = '/file.bin';
const PAGE = '/page.bin';
/** Milliseconds that the programs have to end by themselves; none: kill -9. */
const GRACE = { SIGTERM: 15_000, 'kill -9': 0 } as const;
/** A manager that keeps next to nothing: who has a file is its peer. */
const FORGETFUL = ['--memory', '4M', '--disk', '0'];

/** A whole download, wherever the client is sent; its hash. */
async function sha256(url: string): Promise<string> {
  const result = await curl(['-f', '-L', url]);
  expect(result, result.stderr).toMatchObject({ code: 0, status: 200 });
  return result.sha256;
}

/** Waits until a node has so many pieces on its disk. */
async function stored(node: Potluck, entries: number): Promise<void> {
  await eventually(async () => ((await stats(node)).store.disk?.entries ?? 0) >= entries);
}

describe.each(['SIGTERM', 'kill -9'] as const)('a peer that comes back after %s', (how) => {
  it('serves what it had, and the origin need not send it again', async () => {
    await using origin = await startOriginProcess({ files: { [FILE]: { size: 12 * MIB }, [PAGE]: { size: 5000 } } });
    await using manager = await startManager(origin.url, FORGETFUL);
    using state = tempFolder('potluck-held-');
    const first = await startPeer(manager.data, [], { state: state.path });
    await whenFit(manager, [first]);
    const [file, page] = [await sha256(first.data + FILE), await sha256(first.data + PAGE)];
    await stored(first, 13);
    await first.stop(GRACE[how]);
    const before = await origin.stats();

    await using second = await startPeer(manager.data, [], { state: state.path });
    await whenFit(manager, [second]);
    expect(await sha256(second.data + FILE)).toBe(file);
    expect(await sha256(second.data + PAGE)).toBe(page);
    expect((await origin.stats()).bodyBytes).toBe(before.bodyBytes);
    const { disk } = (await stats(second)).store;
    expect(disk?.hits).toBeGreaterThanOrEqual(13);
    expect(disk?.written).toBeLessThan(MIB);
  });

  it('tells its manager what it has, and members get it from there', async () => {
    await using origin = await startOriginProcess({ files: { [FILE]: { size: 12 * MIB } } });
    await using manager = await startManager(origin.url, FORGETFUL);
    using state = tempFolder('potluck-held-');
    const first = await startPeer(manager.data, [], { state: state.path });
    await whenFit(manager, [first]);
    const file = await sha256(first.data + FILE);
    await stored(first, 12);
    await first.stop(GRACE[how]);
    const before = await origin.stats();

    await using second = await startPeer(manager.data, [], { state: state.path });
    await using other = await startPeer(manager.data);
    await whenFit(manager, [second, other]);
    expect(await sha256(other.data + FILE)).toBe(file);
    expect((await origin.stats()).bodyBytes).toBe(before.bodyBytes);
  });
});

describe('a peer that was away', () => {
  it('does not serve what was purged meanwhile, and serves the rest', async () => {
    const cached = { cacheControl: 'max-age=3600', size: 3 * MIB };
    await using origin = await startOriginProcess({ files: { [FILE]: cached, [PAGE]: cached } });
    await using manager = await startManager(origin.url, FORGETFUL);
    using state = tempFolder('potluck-held-');
    const first = await startPeer(manager.data, [], { state: state.path });
    await whenFit(manager, [first]);
    const old = await sha256(first.data + FILE);
    const page = await sha256(first.data + PAGE);
    await stored(first, 6);
    await first.stop(0);
    await origin.replace(FILE);
    await post(manager, '/api/v1/purge', { url: FILE });

    await using second = await startPeer(manager.data, [], { state: state.path });
    const now = await sha256(second.data + FILE);
    expect(now).not.toBe(old);
    expect(now).toBe(await origin.expectedSha256(FILE));
    const before = await origin.stats();
    expect(await sha256(second.data + PAGE)).toBe(page);
    expect((await origin.stats()).bodyBytes).toBe(before.bodyBytes);
    // It is gone for good: also for the next start, which is told of no purge any more.
    await second.stop(0);
    await using third = await startPeer(manager.data, [], { state: state.path });
    expect(await sha256(third.data + FILE)).toBe(now);
  });

  it('asks whether what it has is still what the origin has', async () => {
    await using origin = await startOriginProcess({ files: { [FILE]: { size: 3 * MIB, cacheControl: 'max-age=0' } } });
    await using manager = await startManager(origin.url, FORGETFUL);
    using state = tempFolder('potluck-held-');
    const first = await startPeer(manager.data, [], { state: state.path });
    await whenFit(manager, [first]);
    await sha256(first.data + FILE);
    await stored(first, 3);
    await first.stop(0);
    await origin.replace(FILE);
    await using second = await startPeer(manager.data, [], { state: state.path });
    expect(await sha256(second.data + FILE)).toBe(await origin.expectedSha256(FILE));
  });

  it('drops everything where another manager has taken the place of its own', async () => {
    await using origin = await startOriginProcess({ files: { [FILE]: { size: 3 * MIB } } });
    using state = tempFolder('potluck-held-');
    const first = await startManager(origin.url, FORGETFUL);
    const peer = await startPeer(first.data, [], { state: state.path });
    await whenFit(first, [peer]);
    await sha256(peer.data + FILE);
    await stored(peer, 3);
    await peer.stop(0);
    await first.stop(0);
    await using second = await startManager(origin.url, FORGETFUL);
    await using back = await startPeer(second.data, [], { state: state.path });
    expect((await stats(back)).store.disk?.entries).toBe(0);
    await whenFit(second, [back]);
    expect(await sha256(back.data + FILE)).toBe(await origin.expectedSha256(FILE));
  });
});

describe.each(['SIGTERM', 'kill -9'] as const)('a manager that comes back after %s', (how) => {
  it('serves what is fresh without the origin, and what is stale once the origin has confirmed it', async () => {
    const files = {
      [FILE]: { size: 5 * MIB, cacheControl: 'max-age=3600' },
      [PAGE]: { size: 2 * MIB, cacheControl: 'max-age=0' },
    };
    await using origin = await startOriginProcess({ files });
    using state = tempFolder('potluck-kept-');
    const first = await startManager(origin.url, [], { state: state.path });
    const [file, page] = [await sha256(first.data + FILE), await sha256(first.data + PAGE)];
    await stored(first, 7);
    await first.stop(GRACE[how]);
    const before = await origin.stats();

    await using second = await startManager(origin.url, [], { state: state.path });
    expect(await sha256(second.data + FILE)).toBe(file);
    expect(await sha256(second.data + FILE)).toBe(file);
    expect((await origin.stats()).total).toBe(before.total);
    expect(await sha256(second.data + PAGE)).toBe(page);
    const after = await origin.stats();
    expect(after.bodyBytes).toBe(before.bodyBytes);
    expect(after.total).toBe(before.total + 1);
  });

  it('does not serve what was purged, or changed by a request, before it went', async () => {
    const cached = { cacheControl: 'max-age=3600', size: 2 * MIB, etag: 'none', lastModified: 'none' } as const;
    await using origin = await startOriginProcess({ files: { [FILE]: cached, [PAGE]: cached } });
    using state = tempFolder('potluck-kept-');
    const first = await startManager(origin.url, [], { state: state.path });
    await sha256(first.data + FILE);
    await sha256(first.data + PAGE);
    await stored(first, 4);
    await origin.replace(FILE);
    await origin.replace(PAGE);
    await post(first, '/api/v1/purge', { url: FILE });
    await fetch(first.data + PAGE, { method: 'PUT', body: 'x' });
    await first.stop(GRACE[how]);
    await using second = await startManager(origin.url, [], { state: state.path });
    expect(await sha256(second.data + FILE)).toBe(await origin.expectedSha256(FILE));
    expect(await sha256(second.data + PAGE)).toBe(await origin.expectedSha256(PAGE));
  });
});

describe('memory that is smaller than a file', () => {
  it('has the disk behind it: the origin sends each byte once', async () => {
    const size = 64 * MIB;
    await using origin = await startOriginProcess({ files: { [FILE]: { size } } });
    await using manager = await startManager(origin.url, ['--memory', '16M', '--disk', '1G']);
    const whole = await origin.expectedSha256(FILE);
    expect(await sha256(manager.data + FILE)).toBe(whole);
    expect(await sha256(manager.data + FILE)).toBe(whole);
    expect((await origin.stats()).bodyBytes).toBe(size);
    const text = (await runPotluck(['stats', '--control', manager.control])).stdout;
    expect(text).toMatch(/^disk +\S+ [KMG] of 1\.00 G \(/m);
  });
});

describe('a peer whose disk is smaller than a file', () => {
  it('says what it has dropped: nobody asks it in vain, and what it still has the origin need not send again', async () => {
    const size = 96 * MIB;
    await using origin = await startOriginProcess({ files: { [FILE]: { size } } });
    await using manager = await startManager(origin.url, FORGETFUL);
    await using small = await startPeer(manager.data, ['--memory', '16M', '--disk', '32M', '--capacity', '1']);
    await whenFit(manager, [small]);
    const whole = await sha256(small.data + FILE);
    expect((await origin.stats()).bodyBytes).toBe(size);
    // The figures of a second come behind what was announced before them.
    await eventually(async () => (await reportOf(manager, small)).served >= size);
    // Next to nothing belongs to a peer of capacity 1 beside one of 10,000: whoever asks it was told that it has the piece.
    await using other = await startPeer(manager.data, ['--disk', '0', '--memory', '256M', '--capacity', '10000']);
    await whenFit(manager, [small, other]);
    const before = (await stats(small)).store;
    expect(before.disk?.entries).toBeLessThanOrEqual(32);
    expect(await sha256(other.data + FILE)).toBe(whole);
    const after = (await stats(small)).store;
    expect(after.misses - before.misses).toBeLessThanOrEqual(2);
    const again = (await origin.stats()).bodyBytes - size;
    expect(again).toBeGreaterThan(0);
    expect(again).toBeLessThanOrEqual(size - (before.disk?.entries ?? 0) * MIB);
    // All of it is with somebody now.
    expect(await sha256(other.data + FILE)).toBe(whole);
    expect((await origin.stats()).bodyBytes).toBe(size + again);
  });
});

describe('a state folder', () => {
  it('has one peer at a time: the second ends with one line', async () => {
    await using origin = await startOriginProcess({ files: { [FILE]: { size: 1000 } } });
    await using manager = await startManager(origin.url);
    await using peer = await startPeer(manager.data);
    const args = ['--headless', '--peer', '--upstream', manager.data, '--listen', '127.0.0.1:0', '--state', peer.state];
    const second = await runPotluck(args);
    expect(second).toMatchObject({ code: 1, stdout: '' });
    expect(second.stderr.trim().split('\n')).toHaveLength(1);
    expect(second.stderr).toContain('is in use by another process');
  });
});

describe.runIf(process.platform === 'linux' && process.getuid?.() === 0)('a disk that is full', () => {
  let mount: TempFolder;
  let state: string;
  beforeEach(() => {
    mount = tempFolder('potluck-mount-');
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=40m', 'potluck-test', mount.path]);
    state = join(mount.path, 'state');
  });
  afterEach(async () => {
    await stopAll();
    execFileSync('umount', ['--lazy', mount.path]);
    mount.remove();
  });
  const filler = () => join(mount.path, 'filler');
  const fillUp = (left = 0) => {
    const { bavail, bsize } = statfsSync(mount.path);
    writeFileSync(filler(), Buffer.alloc(bavail * bsize - left));
  };
  const makeRoom = async (node: Potluck) => {
    rmSync(filler());
    await eventually(async () => (await stats(node)).store.disk?.writing === true, 15_000);
  };
  const warnings = (node: Potluck) => logOf(node).filter(({ msg }) => msg.includes('the disk takes no more'));
  const FILES = { [FILE]: { size: 8 * MIB }, [PAGE]: { size: 8 * MIB }, '/third.bin': { size: 4 * MIB } };

  it('is done without until it has room again, and said so once', async () => {
    await using origin = await startOriginProcess({ files: FILES });
    const manager = await startManager(origin.url, ['--disk', '256M'], { state });
    await sha256(manager.data + FILE);
    await stored(manager, 8);
    fillUp(MIB);
    await sha256(manager.data + PAGE);
    await eventually(async () => (await stats(manager)).store.disk?.writing === false);
    expect(await sha256(manager.data + FILE)).toBe(await origin.expectedSha256(FILE));
    expect(await sha256(manager.data + PAGE)).toBe(await origin.expectedSha256(PAGE));
    const { stdout } = await runPotluck(['stats', '--control', manager.control]);
    expect(stdout).toContain('it is full, nothing is stored on it');
    await makeRoom(manager);
    const before = (await stats(manager)).store.disk?.entries ?? 0;
    await sha256(`${manager.data}/third.bin`);
    await stored(manager, before + 4);
    expect(warnings(manager)).toHaveLength(1);
  });

  it.each(['manager', 'peer'] as const)(
    'does not keep a %s from starting, serving what it had, and going on',
    async (face) => {
      await using origin = await startOriginProcess({ files: FILES });
      const upstream = face === 'peer' ? await startManager(origin.url, FORGETFUL) : undefined;
      const start = async () => {
        if (upstream === undefined) return await startManager(origin.url, ['--disk', '256M'], { state });
        const peer = await startPeer(upstream.data, ['--disk', '256M'], { state });
        await whenFit(upstream, [peer]);
        return peer;
      };
      const first = await start();
      const file = await sha256(first.data + FILE);
      await stored(first, 8);
      await first.stop();
      const before = await origin.stats();
      fillUp();
      const second = await start();
      expect((await stats(second)).store.disk).toMatchObject({ writing: false, entries: 8 });
      expect(await sha256(second.data + FILE)).toBe(file);
      expect((await origin.stats()).bodyBytes).toBe(before.bodyBytes);
      expect(await sha256(second.data + PAGE)).toBe(await origin.expectedSha256(PAGE));
      await makeRoom(second);
      await sha256(`${second.data}/third.bin`);
      await stored(second, 12);
      expect(warnings(second)).toHaveLength(1);
      await second.stop();
      const third = await start();
      const sent = (await origin.stats()).bodyBytes;
      for (const path of [FILE, '/third.bin'])
        expect(await sha256(third.data + path)).toBe(await origin.expectedSha256(path));
      expect((await origin.stats()).bodyBytes).toBe(sent);
    },
  );
});
