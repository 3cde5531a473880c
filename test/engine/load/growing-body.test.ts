import { createHash } from 'node:crypto';
import { createServer, get, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/engine/base/clock.ts';
import { pieceId } from '../../../src/engine/content/piece.ts';
import { Identity } from '../../../src/engine/content/signature.ts';
import { GrowingBody, type GrowingEnd } from '../../../src/engine/load/growing-body.ts';
import type { StreamReader } from '../../../src/engine/load/stream.ts';
import { Throttle } from '../../../src/engine/rate/throttle.ts';
import { MemoryStore } from '../../../src/engine/store/memory-store.ts';
import type { Claim, Entry } from '../../../src/engine/store/store.ts';
import { eventually } from '../../support/help.ts';
import { PseudoRandom } from '../../support/pseudo-random.ts';
import { makeHead } from './heads.ts';

const MiB = 1024 * 1024;
const { signal: never } = new AbortController();

describe('a body that grows', () => {
  const identity = Identity.generate();
  let server: Server;
  let store: MemoryStore;
  /** The origin's end of the response. */
  let sending: ServerResponse;
  let ends: GrowingEnd[];

  beforeEach(async () => {
    ends = [];
    server = createServer((_, response) => {
      sending = response;
      response.flushHeaders();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await eventually(() => store.stats().held === 0);
    await store.close();
  });

  async function open(
    options: { grant?: number; window?: number; patience?: number; current?: () => boolean; length?: number } = {},
  ) {
    store = new MemoryStore({}, { grant: options.grant ?? 32 * MiB, poison: true });
    const { port } = server.address() as AddressInfo;
    const response = await new Promise<IncomingMessage>((resolve) =>
      get({ port, agent: false }, resolve).on('error', () => undefined),
    );
    const head = makeHead({ length: options.length ?? 0 });
    return new GrowingBody(
      {
        store,
        flow: new Throttle({ clock: systemClock }).flow('member'),
        sign: (index, bytes) => identity.signPiece(head.object, head.revision, index, bytes),
        isCurrent: options.current ?? (() => true),
        onEnd: (end) => ends.push(end),
      },
      {
        response,
        window: options.window ?? 4,
        claim: 'client',
        ...(options.patience === undefined ? {} : { patience: options.patience }),
        facts: { ...head, dir: 'd', length: options.length, head, age: 0 },
      },
    );
  }

  const bytesOf = (length: number) => new PseudoRandom('growing').slice(0, length);

  async function readAll(reader: StreamReader, pause = 0): Promise<Buffer> {
    const chunks: Buffer[] = [];
    try {
      for (let chunk = await reader.next(never); chunk !== undefined; chunk = await reader.next(never)) {
        chunks.push(Buffer.from(chunk));
        if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
      }
      return Buffer.concat(chunks);
    } finally {
      reader.close();
    }
  }

  const has = (body: GrowingBody, index: number) => store.has('d', pieceId(body.revision, index));
  const produced = (body: GrowingBody, bytes: number) => eventually(() => body.produced >= bytes, 10_000, 5);

  it('gives every reader every byte, and knows length and digest at the end', async () => {
    const body = await open();
    const sent = bytesOf(3 * MiB + 17);
    const reading = [readAll(body.join(0)), readAll(body.join(0)), readAll(body.join(2 * MiB + 5))];
    sending.end(sent);
    const [first, second, tail] = await Promise.all(reading);
    expect(first?.equals(sent) && second?.equals(sent) && tail?.equals(sent.subarray(2 * MiB + 5))).toBe(true);
    const digest = createHash('sha256').update(sent).digest('hex');
    expect(ends).toEqual([{ complete: true, length: sent.length, digest, allStored: true }]);
    expect([0, 1, 2, 3].map((index) => has(body, index))).toEqual([true, true, true, true]);
    const last = store.read('d', pieceId(body.revision, 3), 'member') as Entry;
    expect(last.bytes.equals(sent.subarray(3 * MiB))).toBe(true);
    last.release();
  });

  it('lets a newcomer begin at what has passed, while it is there, and counts it among the clients', async () => {
    const body = await open();
    const sent = bytesOf(2 * MiB + 100);
    const first = readAll(body.join(0));
    sending.write(sent);
    await produced(body, sent.length);
    expect(body.canJoin(0)).toBe(true);
    const claims: Claim[] = [];
    const read = store.read.bind(store);
    store.read = (dir, id, claim, signal) => {
      claims.push(claim);
      return read(dir, id, claim, signal);
    };
    const second = readAll(body.join(0));
    expect(new Set(claims)).toEqual(new Set(['client']));
    sending.end();
    expect((await first).equals(sent) && (await second).equals(sent)).toBe(true);
  });

  it('refuses a newcomer who would need more than there is', async () => {
    const body = await open({ window: 2 });
    const first = readAll(body.join(0));
    sending.write(bytesOf(5 * MiB));
    await produced(body, 5 * MiB);
    expect(body.canJoin(0)).toBe(false);
    expect(() => body.join(0)).toThrow(expect.objectContaining({ code: 'POTLUCK_REVISION_GONE' }));
    store.deleteDirectory('d');
    expect(body.canJoin(4 * MiB)).toBe(false);
    expect(body.canJoin(5 * MiB)).toBe(true);
    sending.end();
    await first;
  });

  it('tells nobody of an end that was not reached, also when the connection closes softly', async () => {
    for (const cut of [() => sending.destroy(), () => sending.socket?.end()]) {
      const body = await open();
      const reading = readAll(body.join(0));
      const waiting = body.piece(3, never);
      sending.write(bytesOf(MiB + 5));
      await produced(body, MiB + 5);
      cut();
      await expect(reading).rejects.toThrow();
      await expect(waiting).rejects.toThrow();
      expect(ends.pop()?.complete).toBe(false);
      expect(body.canJoin(0)).toBe(false);
      await eventually(() => store.stats().held === 0);
    }
  });

  it('cuts a reader that holds up the others for too long, and nobody else', async () => {
    const body = await open({ window: 2, patience: 300 });
    const sent = bytesOf(8 * MiB);
    const stalled = body.join(0);
    const quick = readAll(body.join(0));
    sending.write(sent.subarray(0, 100));
    const held = await stalled.next(never);
    const copy = Buffer.from(held as Buffer);
    sending.end(sent.subarray(100));
    expect((await quick).equals(sent)).toBe(true);
    expect(held?.equals(copy)).toBe(true); // its socket may still be reading from that memory
    await expect(stalled.next(never)).rejects.toMatchObject({ code: 'POTLUCK_BUSY' });
    stalled.close();
  });

  it('slows down for a slow reader that moves, as long as its delays together allow', async () => {
    const body = await open({ window: 2, patience: 20_000 });
    const sent = bytesOf(5 * MiB);
    const reading = [readAll(body.join(0), 20), readAll(body.join(0))];
    sending.end(sent);
    for (const got of await Promise.all(reading)) expect(got.equals(sent)).toBe(true);
  });

  it('adds up the delays of one reader: many small ones are as bad as one', async () => {
    const body = await open({ window: 2, patience: 400 });
    const slow = body.join(0);
    const dawdle = readAll(slow, 250);
    sending.end(bytesOf(16 * MiB));
    await expect(dawdle).rejects.toMatchObject({ code: 'POTLUCK_BUSY' });
  });

  it('ends what nobody wants any longer, and gives back what it held', async () => {
    const body = await open();
    const reader = body.join(0);
    sending.write(bytesOf(MiB / 2));
    await produced(body, 1);
    reader.close();
    await eventually(() => ends.length === 1);
    expect(ends[0]?.complete).toBe(false);
  });

  it('ends at once when it is closed while it waits for a slow reader', async () => {
    const body = await open({ window: 2 });
    const stalled = body.join(0);
    sending.write(bytesOf(6 * MiB));
    await produced(body, 2 * MiB);
    body.close();
    await eventually(() => ends.length === 1, 3000);
    stalled.close();
  });

  it('gives whole pieces to those who wait for them, and forgets who left', async () => {
    const body = await open({ length: 2 * MiB + 9 });
    const sent = bytesOf(2 * MiB + 9);
    const leaver = new AbortController();
    const left = body.piece(1, leaver.signal);
    const pieces = [body.piece(0, never), body.piece(2, never), body.piece(2, never)];
    leaver.abort(new Error('gone'));
    await expect(left).rejects.toThrow('gone');
    await expect(body.piece(1, leaver.signal)).rejects.toThrow('gone');
    sending.end(sent);
    const [first, last, same] = await Promise.all(pieces);
    expect(first?.bytes.equals(sent.subarray(0, MiB))).toBe(true);
    expect(last?.bytes.equals(sent.subarray(2 * MiB))).toBe(true);
    for (const entry of [first, last, same]) entry?.release();
    const late = await body.piece(1, never); // it has passed, but it is stored
    late.release();
    store.deleteDirectory('d');
    await expect(body.piece(1, never)).rejects.toMatchObject({ code: 'POTLUCK_REVISION_GONE' });
  });

  it('gives its last piece without a second copy of it where memory is short', async () => {
    const body = await open({ grant: 0, window: 2, length: MiB + 9 });
    const hog = store.tryReserve(MiB, 'member');
    const waiting = body.piece(1, never);
    sending.end(bytesOf(MiB + 9));
    const last = await waiting;
    expect(last.bytes.length).toBe(9);
    last.release();
    hog?.release();
  });

  it('stores nothing after a purge', async () => {
    let current = true;
    const body = await open({ current: () => current });
    const reading = readAll(body.join(0));
    sending.write(bytesOf(MiB));
    await eventually(() => has(body, 0));
    current = false;
    sending.end(bytesOf(MiB));
    await reading;
    expect([has(body, 0), has(body, 1)]).toEqual([true, false]);
    expect(ends[0]).toMatchObject({ complete: true, allStored: false });
  });

  it('refuses a body shorter than announced', async () => {
    const body = await open({ length: 100 });
    const reading = readAll(body.join(0));
    sending.end('short');
    await expect(reading).rejects.toMatchObject({ code: 'POTLUCK_ORIGIN_BROKEN' });
  });

  it('wakes a reader who waits further on only when its bytes come', async () => {
    const body = await open();
    const ahead = body.join(MiB + 10);
    const next = ahead.next(never);
    const behind = readAll(body.join(0));
    const sent = bytesOf(MiB + 20);
    for (let at = 0; at < MiB; at += MiB / 4) {
      sending.write(sent.subarray(at, at + MiB / 4));
      await produced(body, at + MiB / 4);
    }
    sending.end(sent.subarray(MiB));
    expect((await next)?.equals(sent.subarray(MiB + 10))).toBe(true);
    ahead.close();
    expect((await behind).equals(sent)).toBe(true);
  });

  it('lets a waiting reader go by its signal', async () => {
    const body = await open();
    const leaver = new AbortController();
    const reader = body.join(0);
    const next = reader.next(leaver.signal);
    leaver.abort(new Error('gone'));
    await expect(next).rejects.toThrow('gone');
    reader.close();
    sending.end();
  });
});
