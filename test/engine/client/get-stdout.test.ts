import { PassThrough, Writable } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { get } from '../../../src/engine/client/get.ts';
import { bodyOf, ClusterDouble, PIECE, Version } from './double.ts';

const LIMITS = { stallAfter: 2_000, runTime: 200, lookupInterval: 50, rest: 20, maxRest: 100, tick: 25, window: 8 };

let cluster: ClusterDouble;
afterEach(() => cluster.close());

/** A reader that takes its time, and everything that it got. */
function reader(delay: number): { stream: Writable; bytes(): Buffer } {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    highWaterMark: 1,
    write(chunk: Buffer, _, done) {
      chunks.push(Buffer.from(chunk));
      setTimeout(done, delay);
    },
  });
  return { stream, bytes: () => Buffer.concat(chunks) };
}

describe('get into a pipe', () => {
  it('hands the bytes over in order, however they come', async () => {
    const body = bodyOf(100 * PIECE + 3);
    cluster = await new ClusterDouble(body).start({ chunk: 1024, delay: 1 }, {}, { chunk: PIECE, delay: 3 });
    const { stream, bytes } = reader(0);
    const result = await get(cluster.url, { output: stream, limits: LIMITS });
    expect(bytes().equals(body)).toBe(true);
    expect(result).toMatchObject({ file: undefined, verified: true, bytes: body.length });
  });

  it('fetches no more than a window ahead of a slow reader', async () => {
    const body = bodyOf(60 * PIECE);
    cluster = await new ClusterDouble(body).start({}, {});
    const { stream, bytes } = reader(5);
    let most = 0;
    await get(cluster.url, {
      output: stream,
      limits: LIMITS,
      onProgress: ({ done }) => {
        most = Math.max(most, done - bytes().length);
      },
    });
    expect(bytes().equals(body)).toBe(true);
    expect(most).toBeLessThanOrEqual((LIMITS.window + 1) * PIECE);
  });

  it('never lets an unverified byte through', async () => {
    const body = bodyOf(30 * PIECE);
    cluster = await new ClusterDouble(body).start({ tamper: (bytes) => bytes.fill(0) }, { chunk: PIECE, delay: 1 });
    const { stream, bytes } = reader(0);
    await get(cluster.url, { output: stream, limits: LIMITS });
    expect(bytes().equals(body)).toBe(true);
  });

  it('ends when the reader has gone', async () => {
    cluster = await new ClusterDouble(bodyOf(100 * PIECE)).start({});
    const stream = new PassThrough();
    stream.once('data', () => stream.destroy(new Error('broken pipe')));
    await expect(get(cluster.url, { output: stream, limits: LIMITS })).rejects.toMatchObject({
      code: 'POTLUCK_FILE_UNWRITABLE',
      message: expect.stringContaining('broken pipe'),
    });
  });

  it('ends at once when it is told to, though the reader sleeps', async () => {
    cluster = await new ClusterDouble(bodyOf(100 * PIECE)).start({});
    const stream = new Writable({ highWaterMark: 1, write: () => undefined });
    const signal = AbortSignal.timeout(200);
    await expect(get(cluster.url, { output: stream, limits: LIMITS, signal })).rejects.toThrow(/timeout/i);
  });

  it('does not begin again where the reader has already seen the older version', async () => {
    cluster = await new ClusterDouble(bodyOf(80 * PIECE)).start({ chunk: 1024, delay: 2 });
    let changed = false;
    const loading = get(cluster.url, {
      output: reader(0).stream,
      limits: LIMITS,
      onProgress: ({ done }) => {
        if (changed || done < 10 * PIECE) return;
        changed = true;
        cluster.version = new Version(cluster.identity, cluster.target, bodyOf(80 * PIECE, 2));
        cluster.named = [];
        void cluster.peers[0]!.kill();
      },
    });
    await expect(loading).rejects.toMatchObject({ code: 'POTLUCK_REVISION_CHANGED' });
  });
});
