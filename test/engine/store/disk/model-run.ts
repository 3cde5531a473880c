import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Tags } from '../../../../src/engine/store/disk/tags.ts';
import { name } from './kill-body.ts';
import { bytesOf, MIB, type Opened, type Rig } from './rig.ts';
import { RingModel } from './ring-model.ts';

const GRANT = 8 * MIB;
const DIRECTORIES = 5;
const KEYS = 200;

export interface ModelFigures {
  steps: number;
  hits: number;
  misses: number;
  drops: number;
  restarts: number;
}

/** A generator that gives the same numbers for the same seed (mulberry32, Tommy Ettinger). */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (((mixed ^ (mixed >>> 14)) >>> 0) % 0x1_0000_0000) % below;
  };
}

/** Does the same to the store and to the model, for so many milliseconds, and compares each answer. */
export async function modelRun(rig: Rig, seed: number, milliseconds: number): Promise<ModelFigures> {
  const run = new Run(rig, seed);
  const until = performance.now() + milliseconds;
  await run.open();
  while (performance.now() < until) await run.step();
  await run.lookAtAll();
  return run.figures;
}

class Run {
  readonly #rig: Rig;
  readonly #random: (below: number) => number;
  readonly #model = new RingModel(GRANT);
  #opened: Opened | undefined;
  #version = 0;
  readonly figures: ModelFigures = { steps: 0, hits: 0, misses: 0, drops: 0, restarts: 0 };

  constructor(rig: Rig, seed: number) {
    this.#rig = rig;
    this.#random = seeded(seed);
  }

  async open(): Promise<void> {
    this.#opened = await this.#rig.open({ memory: 0, disk: GRANT });
  }

  async step(): Promise<void> {
    this.figures.steps++;
    this.#model.now = Math.floor(this.#rig.clock.now() / 1000);
    const dice = this.#random(10_000);
    const dir = name(this.#random(DIRECTORIES));
    const id = name(this.#random(KEYS));
    if (dice < 4500) await this.#put(dir, id);
    else if (dice < 9000) await this.#get(dir, id);
    else if (dice < 9800) {
      expect(await this.#objects.remove(dir, id)).toBe(this.#model.delete(`${dir}/${id}`));
    } else if (dice < 9830) await this.#deleteDirectory(dir);
    else if (dice < 9990) this.#rig.clock.advance(this.#random(3000));
    else await this.#restart();
  }

  async lookAtAll(): Promise<void> {
    for (let dir = 0; dir < DIRECTORIES; dir++) for (let id = 0; id < KEYS; id++) await this.#get(name(dir), name(id));
    expect(this.#opened?.store.stats().disk.entries).toBe(this.#model.entries);
    this.figures.drops = this.#model.dropped;
  }

  get #objects() {
    if (this.#opened === undefined) throw new Error('not open');
    return this.#opened.objects;
  }

  async #put(dir: string, id: string): Promise<void> {
    const version = ++this.#version;
    const dice = this.#random(1000);
    const length =
      dice < 980
        ? this.#random(20_000)
        : dice < 995
          ? 262_145 + this.#random(600_000)
          : 1_100_000 + this.#random(900_000);
    const tags: Tags = [this.#random(3), 0, 0, this.#random(2)];
    // Only small ones end: when the sweep takes the file of a large one cannot be foretold.
    const expires = length < 20_000 && this.#random(4) === 0 ? this.#model.now + 1 + this.#random(20) : 0;
    const meta = Buffer.alloc(this.#random(100), 'm');
    const body = bodyOf(version, length);
    const attributes = { tags, expires, meta };
    if (length < 20_000) await this.#objects.put(dir, id, attributes, body);
    else {
      const writer = await this.#objects.begin(dir, id, attributes, { length });
      for (let at = 0; at < length; at += 150_000) await writer.write(body.subarray(at, at + 150_000));
      await writer.commit();
    }
    this.#model.put(`${dir}/${id}`, { version, length, meta: meta.length, tags, expires });
  }

  async #get(dir: string, id: string): Promise<void> {
    if (this.#opened === undefined) throw new Error('not open');
    const expected = this.#model.get(`${dir}/${id}`);
    const bytes = await bytesOf(this.#opened, dir, id);
    expect(bytes?.length, `${dir}/${id}`).toBe(expected?.length);
    if (expected === undefined || bytes === undefined) {
      this.figures.misses++;
      return;
    }
    this.figures.hits++;
    expect(bytes.equals(bodyOf(expected.version, expected.length))).toBe(true);
  }

  async #deleteDirectory(dir: string): Promise<void> {
    const tags: Tags =
      this.#random(2) === 0 ? [0xffff, 0xffff, 0xffff, 0xffff] : [this.#random(3), 0xffff, 0xffff, 0xffff];
    expect(await this.#objects.removeDirectory(dir, tags)).toBe(this.#model.deleteDirectory(dir, tags));
  }

  /** A clean stop; every other time its snapshot is taken away, so that the records are read. */
  async #restart(): Promise<void> {
    await this.#opened?.store.close();
    if (this.figures.restarts++ % 2 === 1) await rm(join(this.#rig.folder, 'index.snapshot'));
    await this.open();
    expect(this.#opened?.store.stats().disk).toMatchObject({
      corrupt: 0,
      fromSnapshot: this.figures.restarts % 2 === 1,
    });
  }
}

function bodyOf(version: number, length: number): Buffer {
  return Buffer.alloc(length, `${version};`);
}
