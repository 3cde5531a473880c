import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PIECE_SIZE } from '../../../src/engine/content/piece.ts';
import { ENTRY_COST, META_COST, META_LIMIT, WORKING_MEMORY } from '../../../src/engine/store/limits.ts';
import { MemoryStore } from '../../../src/engine/store/memory-store.ts';
import { SlabPool } from '../../../src/engine/store/slab-pool.ts';
import type { Claim, Entry, Lease } from '../../../src/engine/store/store.ts';
import { MIB, name } from './conformance.ts';

/** A body as the model knows it. */
interface Body {
  readonly key: string;
  readonly cost: number;
  readonly stamp: number;
  readonly length: number;
  cached: boolean;
  pins: number;
  clientPins: number;
}

type Step =
  | { do: 'reserve'; size: number; claim: Claim; wait: boolean }
  | { do: 'commit'; pick: number; dir: number; id: number; meta: number; keep: boolean }
  | { do: 'return'; pick: number; abandoned: boolean }
  | { do: 'read'; dir: number; id: number; claim: Claim }
  | { do: 'retain'; pick: number }
  | { do: 'release'; pick: number; abandoned: boolean }
  | { do: 'delete'; dir: number; id: number }
  | { do: 'deleteDirectory'; dir: number }
  | { do: 'abort'; pick: number }
  | { do: 'resize'; grant: number };

const SIZES = [0, 1, 1000, 16 * 1024, 200_000, 300_000, PIECE_SIZE, PIECE_SIZE + 1, 2 * MIB];
const GRANTS = [0, MIB, 5 * MIB, 8 * MIB, 12 * MIB];

const claim = fc.constantFrom<Claim>('client', 'client', 'member');
const pick = fc.nat(100);
const dir = fc.nat(2);
const id = fc.nat(4);
const abandoned = fc.integer({ min: 0, max: 9 }).map((n) => n === 0);
const keep = fc.integer({ min: 0, max: 9 }).map((n) => n > 0);
const size = fc.constantFrom(...SIZES);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('reserve' as const), size, claim, wait: fc.boolean() }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('commit' as const), pick, dir, id, meta: fc.nat(400), keep }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('return' as const), pick, abandoned }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('read' as const), dir, id, claim }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('retain' as const), pick }) },
  { weight: 7, arbitrary: fc.record({ do: fc.constant('release' as const), pick, abandoned }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), dir, id }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('deleteDirectory' as const), dir }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('abort' as const), pick }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('resize' as const), grant: fc.constantFrom(...GRANTS) }) },
);

/** Plays steps against a store and keeps books of its own, from the outside. */
class Player {
  readonly #store: MemoryStore;
  readonly #visible = new Map<string, Body>();
  readonly #bodies = new Set<Body>();
  readonly #leases: { lease: Lease; cost: number; claim: Claim }[] = [];
  readonly #entries: { entry: Entry; body: Body; claim: Claim; references: number }[] = [];
  readonly #aborts = new Set<AbortController>();
  #grant = 8 * MIB;
  #over = 0;
  #stamp = 0;

  constructor() {
    this.#store = new MemoryStore(
      {},
      { grant: this.#grant, poison: true, onDrop: (inDir, ofId) => this.#lost(`${inDir}/${ofId}`) },
    );
  }

  async play(steps: readonly Step[]): Promise<void> {
    for (const one of steps) {
      this.#play(one);
      await new Promise((resolve) => setImmediate(resolve));
      this.#check();
    }
    await this.#end();
  }

  #play(one: Step): void {
    if (one.do === 'reserve') this.#reserve(one.size, one.claim, one.wait);
    else if (one.do === 'commit') this.#commit(one);
    else if (one.do === 'return') this.#return(one.pick, one.abandoned);
    else if (one.do === 'read') this.#read(one.dir, one.id, one.claim);
    else if (one.do === 'retain') this.#retain(one.pick);
    else if (one.do === 'release') this.#release(one.pick, one.abandoned);
    else if (one.do === 'delete') this.#delete(name(one.dir), name(one.id));
    else if (one.do === 'deleteDirectory') this.#deleteDirectory(name(one.dir));
    else if (one.do === 'abort') [...this.#aborts][one.pick % (this.#aborts.size || 1)]?.abort();
    else this.#resize(one.grant);
  }

  #reserve(bytes: number, by: Claim, wait: boolean): void {
    const cost = SlabPool.footprint(bytes) + ENTRY_COST + META_COST + META_LIMIT;
    const take = (lease: Lease) => {
      expect(lease.buffer.length).toBe(bytes);
      this.#leases.push({ lease, cost, claim: by });
    };
    if (wait) {
      this.#later((signal) => this.#store.reserve(bytes, by, signal), take);
    } else {
      const lease = this.#store.tryReserve(bytes, by);
      if (lease !== undefined) take(lease);
    }
  }

  /** Does something that may wait, and be aborted meanwhile. */
  #later<T>(start: (signal: AbortSignal) => T | Promise<T>, then: (got: T) => void): void {
    const abort = new AbortController();
    const got = start(abort.signal);
    if (!(got instanceof Promise)) {
      then(got);
      return;
    }
    this.#aborts.add(abort);
    const failed = (error: unknown) => {
      if (error !== abort.signal.reason) expect(error).toMatchObject({ code: 'POTLUCK_TOO_LARGE' });
    };
    got.then(then, failed).finally(() => this.#aborts.delete(abort));
  }

  #commit(one: { pick: number; dir: number; id: number; meta: number; keep: boolean }): void {
    const held = this.#leases.splice(one.pick % (this.#leases.length || 1), 1)[0];
    if (held === undefined) return;
    const { lease, claim: by } = held;
    const stamp = ++this.#stamp;
    const length = lease.buffer.length;
    stampOn(lease.buffer, stamp);
    const key = `${name(one.dir)}/${name(one.id)}`;
    const cost = SlabPool.footprint(length) + ENTRY_COST + (one.meta > 0 ? META_COST + one.meta : 0);
    const body: Body = { key, cost, stamp, length, cached: false, pins: 1, clientPins: by === 'client' ? 1 : 0 };
    if (one.keep) this.#lost(key);
    const meta = Buffer.alloc(one.meta);
    const entry = lease.commit({ dir: name(one.dir), id: name(one.id), meta, keep: one.keep });
    if (one.keep && this.#store.has(name(one.dir), name(one.id))) {
      body.cached = true;
      this.#visible.set(key, body);
    }
    this.#bodies.add(body);
    this.#entries.push({ entry, body, claim: by, references: 1 });
  }

  #return(which: number, isAbandoned: boolean): void {
    this.#leases.splice(which % (this.#leases.length || 1), 1)[0]?.lease.release(isAbandoned);
  }

  #read(inDir: number, ofId: number, by: Claim): void {
    const start = (signal: AbortSignal) => this.#store.read(name(inDir), name(ofId), by, signal);
    // Whichever version a waiting reader gets, its stamp says which one it is.
    this.#later(start, (entry) => {
      if (entry === undefined) return;
      const stamp = entry.bytes.length >= 4 ? entry.bytes.readUInt32LE(0) : undefined;
      const body = [...this.#bodies].find((each) =>
        stamp === undefined ? each.cached && each.key === `${name(inDir)}/${name(ofId)}` : each.stamp === stamp,
      );
      if (body === undefined) throw new Error('the store gave bytes that nobody stored');
      body.pins++;
      if (by === 'client') body.clientPins++;
      this.#entries.push({ entry, body, claim: by, references: 1 });
    });
  }

  #retain(which: number): void {
    const held = this.#entries[which % (this.#entries.length || 1)];
    if (held === undefined) return;
    held.entry.retain();
    held.references++;
  }

  #release(which: number, isAbandoned: boolean): void {
    const place = which % (this.#entries.length || 1);
    const held = this.#entries[place];
    if (held === undefined) return;
    expectStamp(held.entry.bytes, held.body);
    if (--held.references === 0) {
      this.#entries.splice(place, 1);
      held.body.pins--;
      if (held.claim === 'client') held.body.clientPins--;
    }
    held.entry.release(isAbandoned);
    if (held.references === 0) expect(() => held.entry.release()).toThrow();
  }

  #delete(inDir: string, ofId: string): void {
    const expected = this.#visible.has(`${inDir}/${ofId}`);
    expect(this.#store.delete(inDir, ofId)).toBe(expected);
  }

  #deleteDirectory(inDir: string): void {
    const expected = [...this.#visible.keys()].filter((key) => key.startsWith(`${inDir}/`)).length;
    expect(this.#store.deleteDirectory(inDir)).toBe(expected);
  }

  #resize(grant: number): void {
    this.#grant = grant;
    this.#store.resize(grant);
    const { cached, held } = this.#store.stats();
    this.#over = cached + held; // what runs stays; it can only shrink until it fits
  }

  #lost(key: string): void {
    const body = this.#visible.get(key);
    if (body !== undefined) body.cached = false;
    this.#visible.delete(key);
  }

  #check(): void {
    for (const body of this.#bodies) if (body.pins === 0 && !body.cached) this.#bodies.delete(body);
    const { cached, held, entries } = this.#store.stats();
    const capacity = Math.max(this.#grant, WORKING_MEMORY);
    const sum = (list: Iterable<{ cost: number }>) => [...list].reduce((total, each) => total + each.cost, 0);
    expect(cached).toBe(sum(this.#visible.values()));
    expect(entries).toBe(this.#visible.size);
    expect(held).toBe(sum([...this.#bodies].filter((body) => !body.cached)) + sum(this.#leases));
    expect(cached).toBeLessThanOrEqual(this.#grant);
    expect(cached + held).toBeLessThanOrEqual(Math.max(capacity, this.#over));
    const byClients =
      sum([...this.#bodies].filter((body) => body.clientPins > 0)) +
      sum(this.#leases.filter((lease) => lease.claim === 'client'));
    // Small bodies may dip into half of the members' share; a quarter of the memory, at least two pieces, is theirs.
    const clientsFit = byClients <= capacity - capacity / 8 + 1;
    if (this.#over === 0) expect(clientsFit).toBe(true);
    if (clientsFit && cached + held <= capacity) this.#over = 0;
    for (const { entry, body } of this.#entries) expectStamp(entry.bytes, body);
  }

  /** Everybody lets go: whoever waited is served, and nothing is left over. */
  async #end(): Promise<void> {
    for (let round = 0; round < 1000; round++) {
      while (this.#entries.length > 0) this.#release(0, false);
      while (this.#leases.length > 0) this.#return(0, false);
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#entries.length + this.#leases.length + this.#store.stats().waiting === 0) break;
    }
    this.#check();
    expect(this.#store.stats()).toMatchObject({ held: 0, waiting: 0 });
    for (let each = 0; each <= 2; each++) this.#store.deleteDirectory(name(each));
    expect(this.#store.stats()).toMatchObject({ cached: 0, entries: 0 });
  }
}

function stampOn(bytes: Buffer, stamp: number): void {
  if (bytes.length < 4) return;
  bytes.writeUInt32LE(stamp, 0);
  bytes.writeUInt32LE(stamp, bytes.length - 4);
}

function expectStamp(bytes: Buffer, body: Body): void {
  expect(bytes.length).toBe(body.length);
  if (bytes.length < 4) return;
  expect(bytes.readUInt32LE(0)).toBe(body.stamp);
  expect(bytes.readUInt32LE(bytes.length - 4)).toBe(body.stamp);
}

it('The memory tier keeps its books to the byte, whatever is asked of it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 150 }), (steps) => new Player().play(steps)),
    { numRuns: 150 },
  );
});
