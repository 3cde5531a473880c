import { describe, expect, it, vi } from 'vitest';
import { startOriginProcess } from '../support/origin-process.ts';
import { runPotluck, tempFolder } from '../support/program.ts';
import {
  CAN_MOUNT,
  FILE,
  FORGETFUL,
  goOnWithoutDisk,
  managerComesBack,
  PAGE,
  peerComesBack,
  readLargerThanDisk,
  readLargerThanMemory,
  STALE,
  sha256,
  startOnFullDisk,
  stored,
} from './disk-restart.ts';
import { post, startManager, startPeer, stats, whenFit } from './nodes.ts';

vi.setConfig({ testTimeout: 60_000 }); // real processes, on a machine that may be busy with others

const MIB = 1024 * 1024;

// The other way of each, too, in test/soak.
describe('a peer that comes back after SIGTERM', () => {
  it('tells its manager what it has: members get it from there, it serves it, and the origin need not send it again', async () => {
    await peerComesBack('SIGTERM');
  });
});

describe('a peer that was away', () => {
  it('does not serve what was purged or is stale and was replaced meanwhile, and serves the rest', async () => {
    const cached = { cacheControl: 'max-age=3600', size: 3 * MIB };
    const files = { [FILE]: cached, [PAGE]: cached, [STALE]: { size: 3 * MIB, cacheControl: 'max-age=0' } };
    await using origin = await startOriginProcess({ files });
    await using manager = await startManager(origin.url, FORGETFUL);
    using state = tempFolder('potluck-held-');
    const first = await startPeer(manager.data, [], { state: state.path });
    await whenFit(manager, [first]);
    const old = await sha256(first.data + FILE);
    const page = await sha256(first.data + PAGE);
    await sha256(first.data + STALE);
    await stored(first, 9);
    await first.stop(0);
    await origin.replace(FILE);
    await origin.replace(STALE);
    await post(manager, '/api/v1/purge', { url: FILE });

    await using second = await startPeer(manager.data, [], { state: state.path });
    const now = await sha256(second.data + FILE);
    expect(now).not.toBe(old);
    expect(now).toBe(await origin.expectedSha256(FILE));
    expect(await sha256(second.data + STALE)).toBe(await origin.expectedSha256(STALE));
    const before = await origin.stats();
    expect(await sha256(second.data + PAGE)).toBe(page);
    expect((await origin.stats()).bodyBytes).toBe(before.bodyBytes);
    // It is gone for good: also for the next start, which is told of no purge any more.
    await second.stop(0);
    await using third = await startPeer(manager.data, [], { state: state.path });
    expect(await sha256(third.data + FILE)).toBe(now);
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

describe('a manager that comes back after kill -9', () => {
  it('serves what is fresh without the origin, what is stale once it has confirmed it, and nothing that was purged or changed', async () => {
    await managerComesBack('kill -9');
  });
});

describe('memory that is smaller than a file', () => {
  it('has the disk behind it: the origin sends each byte once', async () => {
    await readLargerThanMemory({ size: 32 * MIB, memory: '8M' });
  });
});

describe('a peer whose disk is smaller than a file', () => {
  it('says what it has dropped: nobody asks it in vain, and what it still has the origin need not send again', async () => {
    await readLargerThanDisk({ size: 48 * MIB, memory: '8M', disk: 16 });
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

describe.runIf(CAN_MOUNT)('a disk that is full', () => {
  it('is done without until it has room again, and said so once', goOnWithoutDisk);

  it('does not keep a manager from starting, serving what it had, and going on', () => startOnFullDisk('manager'));
});
