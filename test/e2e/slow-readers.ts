import { expect } from 'vitest';
import { startOriginProcess } from '../support/origin-process.ts';
import { TestCluster } from './cluster.ts';
import { StallingReader } from './stalling.ts';

const MIB = 1024 * 1024;
const PATH = '/huge.img';
/** What the program itself takes beside the memory that it was granted, bytes. */
const OVERHEAD = 150 * MIB;

export interface SlowSizes {
  readonly size: number;
  /** MiB that a node may use. */
  readonly memory: number;
  /** Readers, each at an offset of its own; every second one stalls. */
  readonly readers: number;
  /** Bytes that each reader that does not stall reads. */
  readonly each: number;
  /** Whose clients they are. */
  readonly at: 'manager' | 'peer';
}

export interface SlowFigures {
  readonly peak: number;
  readonly stalled: { readonly complete: number; readonly cut: number };
}

/**
 * Many readers at offsets all over a file much larger than memory, half of them stalled. Those that read get the right bytes; those that
 * stall get the right ones or a cut; the node stays within its memory.
 */
export async function readAllOver(sizes: SlowSizes): Promise<SlowFigures> {
  const { size, readers, memory } = sizes;
  await using origin = await startOriginProcess({ files: { [PATH]: { size } } });
  const limits = ['--memory', `${memory}M`, '--disk', '0'];
  const peers = sizes.at === 'peer' ? 1 : 0;
  await using cluster = await TestCluster.start({ mirror: origin.url, peers, manager: limits, peer: limits });
  const url = cluster.url + PATH;
  const offsets = Array.from({ length: readers }, (_, i) => 1 + Math.floor((i * (size - sizes.each)) / readers));
  const stalled = await Promise.all(
    offsets.filter((_, i) => i % 2 === 1).map((from) => StallingReader.open(url, { seed: PATH, from })),
  );
  await Promise.all(offsets.filter((_, i) => i % 2 === 0).map((from) => readOne(url, from, sizes)));
  const cuts = await Promise.all(stalled.map((reader) => wasCut(reader, sizes)));
  const node = cluster.peers[0] ?? cluster.manager;
  const { peak } = node.memory();
  expect(peak).toBeLessThan(memory * MIB + OVERHEAD);
  const cut = cuts.filter(Boolean).length;
  return { peak: Math.round(peak / MIB), stalled: { complete: cuts.length - cut, cut } };
}

async function readOne(url: string, from: number, { each }: SlowSizes): Promise<void> {
  const reader = await StallingReader.open(url, { seed: PATH, from, to: from + each - 1 });
  expect(reader.status).toBe(206);
  expect(await reader.rest(), `from ${from}`).toEqual({ complete: true, bytes: each });
}

/** Reads on after the stall, as far as the others did: whether it was cut before. */
async function wasCut(reader: StallingReader, { each }: SlowSizes): Promise<boolean> {
  expect(reader.status).toBe(206);
  return (await reader.rest(each)).bytes < each;
}
