import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../src/engine/base/clock.ts';
import { silentLog } from '../src/engine/base/log.ts';
import type { Tags } from '../src/engine/store/disk/tags.ts';
import { Objects } from '../src/engine/store/objects.ts';
import { TieredStore } from '../src/engine/store/tiered-store.ts';

/**
 * Figures of the store by the engine's own calls. Phases, each a process of its own, so that memory is told apart:
 *
 *   node bench/store-engine.ts fill FOLDER [COUNT]     puts, growth of the index, resident memory; ends cleanly
 *   node bench/store-engine.ts start FOLDER            start from the snapshot
 *   node bench/store-engine.ts kill FOLDER             start, put one object again, and kill -9: the next start reads the records
 *   node bench/store-engine.ts delete FOLDER           a directory, then a tag, while reads go on
 *   node bench/store-engine.ts put FOLDER              objects of 16 KiB: rate and bytes written
 *
 * Each prints one line of JSON.
 */
const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
const IN_FLIGHT = 512;
const ANY = 0xffff;

const [phase = '', folder = '', third = '1000000'] = process.argv.slice(2);

function name(number: number): string {
  return number.toString(16).padStart(32, '0');
}

/** Half of all are in directory 0, the rest in directory 1; half of each have 1 as their first tag. */
function placeOf(number: number): { dir: string; id: string; tags: Tags } {
  return { dir: name(number % 2), id: name(number), tags: [1 + ((number >> 1) & 1), 2, 3, 4] };
}

async function openStore(): Promise<{ store: TieredStore; objects: Objects; milliseconds: number }> {
  const before = performance.now();
  const store = new TieredStore({ clock: systemClock, log: silentLog }, { folder, memory: 64 * MIB, disk: 64 * GIB });
  await store.start();
  return { store, objects: new Objects(store), milliseconds: Math.round(performance.now() - before) };
}

function megabytes(): number {
  return Math.round(process.memoryUsage().rss / 1e6);
}

async function putAll(count: number, put: (number: number) => Promise<unknown>, each: (done: number) => void) {
  let next = 0;
  const worker = async () => {
    while (next < count) {
      const number = next++;
      await put(number);
      each(number + 1);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
}

async function fill(count: number): Promise<object> {
  const { store, objects } = await openStore();
  const body = Buffer.alloc(64, 7);
  const meta = Buffer.alloc(0);
  const at: Record<string, number> = {};
  let worst = 0;
  let rss = 0;
  const marks = new Set([1e6, 3e6, 7e6, 1e7, count]);
  const look = (done: number) => {
    if (done % 20_000 !== 0 && !marks.has(done)) return;
    const { indexBytes, entries } = store.stats().disk;
    if (entries >= 500_000) worst = Math.max(worst, indexBytes / entries);
    if (marks.has(done)) at[done] = round(indexBytes / entries);
    rss = Math.max(rss, megabytes());
  };
  const before = performance.now();
  const put = (number: number) => {
    const { dir, id, tags } = placeOf(number);
    return objects.put(dir, id, { tags, expires: 0, meta }, body);
  };
  await putAll(count, put, look);
  const seconds = (performance.now() - before) / 1000;
  const { entries, bytesWritten } = store.stats().disk;
  await store.close();
  const figures = { count, entries, putsASecond: Math.round(count / seconds), bytesWritten };
  return { ...figures, indexBytesAnObject: at, worstFromHalfAMillion: round(worst), rssMostMB: rss };
}

async function start(): Promise<object> {
  const { store, milliseconds } = await openStore();
  const { entries, fromSnapshot } = store.stats().disk;
  const rss = megabytes();
  await sleep(10);
  await store.close();
  return { milliseconds, fromSnapshot, entries, rssMB: rss };
}

async function kill(): Promise<object> {
  const { objects } = await openStore();
  const { dir, id, tags } = placeOf(0);
  await objects.put(dir, id, { tags, expires: 0, meta: Buffer.alloc(0) }, Buffer.alloc(64, 7));
  process.kill(process.pid, 'SIGKILL');
  return await new Promise(() => undefined);
}

/** Deletes while a reader goes on, one read after the other; how long each read took. */
async function deleting(): Promise<object> {
  const { store, objects } = await openStore();
  const total = store.stats().disk.entries;
  const figures: Record<string, object> = {};
  const wanted: [string, string, Tags][] = [
    ['directory', name(0), [ANY, ANY, ANY, ANY]],
    ['tag', name(1), [1, ANY, ANY, ANY]],
  ];
  for (const [what, dir, tags] of wanted) {
    const reads: number[] = [];
    let running = true;
    const reading = (async () => {
      for (let i = 1; running; i += 2) {
        const { dir: from, id } = placeOf(((i * 7919) % total) | 1);
        const began = performance.now();
        const object = await objects.get(from, id, { claim: 'client' });
        object?.entry?.release();
        reads.push(performance.now() - began);
      }
    })();
    const began = performance.now();
    const removed = await objects.removeDirectory(dir, tags);
    const milliseconds = Math.round(performance.now() - began);
    running = false;
    await reading;
    reads.sort((a, b) => a - b);
    const p99 = round(reads[Math.floor(reads.length * 0.99)] ?? 0);
    figures[what] = { removed, milliseconds, reads: reads.length, p99, worst: round(reads.at(-1) ?? 0) };
  }
  await store.close();
  return { total, ...figures };
}

async function putLarger(): Promise<object> {
  const { store, objects } = await openStore();
  const body = Buffer.alloc(16 * 1024, 7);
  const count = 50_000;
  const before = performance.now();
  const attributes = { tags: [0, 0, 0, 0] as Tags, expires: 0, meta: Buffer.from('content-type: image/png') };
  await putAll(
    count,
    (number) => objects.put(name(9), name(number), attributes, body),
    () => undefined,
  );
  const seconds = (performance.now() - before) / 1000;
  const written = store.stats().disk.bytesWritten;
  await store.close();
  return { putsASecond: Math.round(count / seconds), writtenAByte: round(written / (count * body.length)) };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

const phases: Record<string, () => Promise<object>> = {
  fill: () => fill(Number(third)),
  start,
  kill,
  delete: deleting,
  put: putLarger,
};
const run = phases[phase];
if (run === undefined || folder === '') {
  console.error('usage: node bench/store-engine.ts fill|start|kill|delete|put FOLDER [COUNT]');
  process.exitCode = 2;
} else {
  console.log(JSON.stringify({ phase, ...(await run()) }));
}
