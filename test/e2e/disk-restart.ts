import { execFileSync } from 'node:child_process';
import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { startOriginProcess } from '../support/origin-process.ts';
import { curl, eventually, type Potluck, runPotluck, stopAll, tempFolder } from '../support/program.ts';
import { logOf, post, reportOf, startManager, startPeer, stats, whenFit } from './nodes.ts';

const MIB = 1024 * 1024;
export const FILE = '/file.bin';
export const PAGE = '/page.bin';
export const STALE = '/stale.bin';
const PUT = '/put.bin';
const THIRD = '/third.bin';
/** Milliseconds that the programs have to end by themselves; none: kill -9. */
const GRACE = { SIGTERM: 15_000, 'kill -9': 0 } as const;
export type Ending = keyof typeof GRACE;
/** A manager that keeps next to nothing: who has a file is its peer. */
export const FORGETFUL = ['--memory', '4M', '--disk', '0'];

/** A whole download, wherever the client is sent; its hash. */
export async function sha256(url: string): Promise<string> {
  const result = await curl(['-f', '-L', url]);
  expect(result, result.stderr).toMatchObject({ code: 0, status: 200 });
  return result.sha256;
}

/** Waits until a node has so many pieces on its disk. */
export async function stored(node: Potluck, entries: number): Promise<void> {
  await eventually(async () => ((await stats(node)).store.disk?.entries ?? 0) >= entries);
}

/** Ends a peer and starts it again: what it has comes from its disk, for members as for clients. */
export async function peerComesBack(how: Ending): Promise<void> {
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
  await using other = await startPeer(manager.data);
  await whenFit(manager, [second, other]);
  expect(await sha256(other.data + FILE)).toBe(file);
  expect(await sha256(second.data + FILE)).toBe(file);
  expect(await sha256(second.data + PAGE)).toBe(page);
  expect((await origin.stats()).bodyBytes).toBe(before.bodyBytes);
  // From its own disk: what it got from the other it would have written.
  const { disk } = (await stats(second)).store;
  expect(disk?.hits).toBeGreaterThanOrEqual(13);
  expect(disk?.written).toBeLessThan(MIB);
}

/**
 * Ends a manager and starts it again: it serves what is fresh without the origin, what is stale once the origin has confirmed it, and nothing that
 * was purged, or changed by a request, before it went.
 */
export async function managerComesBack(how: Ending): Promise<void> {
  const changing = { cacheControl: 'max-age=3600', size: 2 * MIB, etag: 'none', lastModified: 'none' } as const;
  const files = {
    [FILE]: { size: 5 * MIB, cacheControl: 'max-age=3600' },
    [STALE]: { size: 2 * MIB, cacheControl: 'max-age=0' },
    [PAGE]: changing,
    [PUT]: changing,
  };
  await using origin = await startOriginProcess({ files });
  using state = tempFolder('potluck-kept-');
  const first = await startManager(origin.url, [], { state: state.path });
  const [file, stale] = [await sha256(first.data + FILE), await sha256(first.data + STALE)];
  await sha256(first.data + PAGE);
  await sha256(first.data + PUT);
  await stored(first, 11);
  await origin.replace(PAGE);
  await origin.replace(PUT);
  await post(first, '/api/v1/purge', { url: PAGE });
  await fetch(first.data + PUT, { method: 'PUT', body: 'x' });
  await first.stop(GRACE[how]);
  const before = await origin.stats();

  await using second = await startManager(origin.url, [], { state: state.path });
  expect(await sha256(second.data + FILE)).toBe(file);
  expect(await sha256(second.data + FILE)).toBe(file);
  expect((await origin.stats()).total).toBe(before.total);
  expect(await sha256(second.data + STALE)).toBe(stale);
  const after = await origin.stats();
  expect(after.bodyBytes).toBe(before.bodyBytes);
  expect(after.total).toBe(before.total + 1);
  expect(await sha256(second.data + PAGE)).toBe(await origin.expectedSha256(PAGE));
  expect(await sha256(second.data + PUT)).toBe(await origin.expectedSha256(PUT));
}

/** A manager reads a file twice that its memory cannot hold. */
export async function readLargerThanMemory({ size, memory }: { size: number; memory: string }): Promise<void> {
  await using origin = await startOriginProcess({ files: { [FILE]: { size } } });
  await using manager = await startManager(origin.url, ['--memory', memory, '--disk', '1G']);
  const whole = await origin.expectedSha256(FILE);
  expect(await sha256(manager.data + FILE)).toBe(whole);
  expect(await sha256(manager.data + FILE)).toBe(whole);
  expect((await origin.stats()).bodyBytes).toBe(size);
  const text = (await runPotluck(['stats', '--control', manager.control])).stdout;
  expect(text).toMatch(/^disk +\S+ [KMG] of 1\.00 G \(/m);
}

export interface SmallDisk {
  readonly size: number;
  readonly memory: string;
  /** MiB. */
  readonly disk: number;
}

/** A peer drops the beginning of a file that its disk cannot hold; another one then asks it only for what it still has. */
export async function readLargerThanDisk({ size, memory, disk }: SmallDisk): Promise<void> {
  await using origin = await startOriginProcess({ files: { [FILE]: { size } } });
  await using manager = await startManager(origin.url, FORGETFUL);
  await using small = await startPeer(manager.data, ['--memory', memory, '--disk', `${disk}M`, '--capacity', '1']);
  await whenFit(manager, [small]);
  const whole = await sha256(small.data + FILE);
  expect((await origin.stats()).bodyBytes).toBe(size);
  // The figures of a second come behind what was announced before them.
  await eventually(async () => (await reportOf(manager, small)).served >= size);
  // Next to nothing belongs to a peer of capacity 1 beside one of 10,000: whoever asks it was told that it has the piece.
  await using other = await startPeer(manager.data, ['--disk', '0', '--memory', '256M', '--capacity', '10000']);
  await whenFit(manager, [small, other]);
  const before = (await stats(small)).store;
  expect(before.disk?.entries).toBeLessThanOrEqual(disk);
  expect(await sha256(other.data + FILE)).toBe(whole);
  const after = (await stats(small)).store;
  expect(after.misses - before.misses).toBeLessThanOrEqual(2);
  const again = (await origin.stats()).bodyBytes - size;
  expect(again).toBeGreaterThan(0);
  expect(again).toBeLessThanOrEqual(size - (before.disk?.entries ?? 0) * MIB);
  // All of it is with somebody now.
  expect(await sha256(other.data + FILE)).toBe(whole);
  expect((await origin.stats()).bodyBytes).toBe(size + again);
}

/** Whether a small file system can be mounted here. */
export const CAN_MOUNT = process.platform === 'linux' && process.getuid?.() === 0;

/** A file system of 40 MiB, with a state folder and what else takes its room. */
class SmallMount implements AsyncDisposable {
  readonly #folder = tempFolder('potluck-mount-');
  readonly state = join(this.#folder.path, 'state');
  readonly #filler = join(this.#folder.path, 'filler');

  constructor() {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=40m', 'potluck-test', this.#folder.path]);
  }

  fillUp(left = 0): void {
    const { bavail, bsize } = statfsSync(this.#folder.path);
    writeFileSync(this.#filler, Buffer.alloc(bavail * bsize - left));
  }

  async makeRoom(node: Potluck): Promise<void> {
    rmSync(this.#filler);
    await eventually(async () => (await stats(node)).store.disk?.writing === true, 15_000);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await stopAll();
    execFileSync('umount', ['--lazy', this.#folder.path]);
    this.#folder.remove();
  }
}

const FILES = { [FILE]: { size: 8 * MIB }, [PAGE]: { size: 8 * MIB }, [THIRD]: { size: 4 * MIB } };
const warnings = (node: Potluck) => logOf(node).filter(({ msg }) => msg.includes('the disk takes no more'));

/** The disk of a manager fills up while it serves, and has room again. */
export async function goOnWithoutDisk(): Promise<void> {
  await using mount = new SmallMount();
  await using origin = await startOriginProcess({ files: FILES });
  const manager = await startManager(origin.url, ['--disk', '256M'], { state: mount.state });
  await sha256(manager.data + FILE);
  await stored(manager, 8);
  mount.fillUp(MIB);
  await sha256(manager.data + PAGE);
  await eventually(async () => (await stats(manager)).store.disk?.writing === false);
  expect(await sha256(manager.data + FILE)).toBe(await origin.expectedSha256(FILE));
  expect(await sha256(manager.data + PAGE)).toBe(await origin.expectedSha256(PAGE));
  const { stdout } = await runPotluck(['stats', '--control', manager.control]);
  expect(stdout).toContain('it is full, nothing is stored on it');
  await mount.makeRoom(manager);
  const before = (await stats(manager)).store.disk?.entries ?? 0;
  await sha256(manager.data + THIRD);
  await stored(manager, before + 4);
  expect(warnings(manager)).toHaveLength(1);
}

/** The disk is full when a node starts that has something on it, and has room again later. */
export async function startOnFullDisk(face: 'manager' | 'peer'): Promise<void> {
  await using mount = new SmallMount();
  await using origin = await startOriginProcess({ files: FILES });
  const upstream = face === 'peer' ? await startManager(origin.url, FORGETFUL) : undefined;
  const start = async () => {
    if (upstream === undefined) return await startManager(origin.url, ['--disk', '256M'], { state: mount.state });
    const peer = await startPeer(upstream.data, ['--disk', '256M'], { state: mount.state });
    await whenFit(upstream, [peer]);
    return peer;
  };
  const first = await start();
  const file = await sha256(first.data + FILE);
  await stored(first, 8);
  await first.stop();
  const before = await origin.stats();
  mount.fillUp();
  const second = await start();
  expect((await stats(second)).store.disk).toMatchObject({ writing: false, entries: 8 });
  expect(await sha256(second.data + FILE)).toBe(file);
  expect((await origin.stats()).bodyBytes).toBe(before.bodyBytes);
  expect(await sha256(second.data + PAGE)).toBe(await origin.expectedSha256(PAGE));
  await mount.makeRoom(second);
  await sha256(second.data + THIRD);
  await stored(second, 12);
  expect(warnings(second)).toHaveLength(1);
  await second.stop();
  const third = await start();
  const sent = (await origin.stats()).bodyBytes;
  for (const path of [FILE, THIRD]) expect(await sha256(third.data + path)).toBe(await origin.expectedSha256(path));
  expect((await origin.stats()).bodyBytes).toBe(sent);
}
