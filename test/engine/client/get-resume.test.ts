import { appendFile, mkdtemp, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type GetOptions, type GetResult, get } from '../../../src/engine/client/get.ts';
import { bodyOf, ClusterDouble, type PeerOptions, PIECE, Version } from './double.ts';

const LIMITS = { stallAfter: 2_000, runTime: 200, lookupInterval: 50, rest: 20, maxRest: 100, tick: 25 };
const SLOW: PeerOptions = { chunk: 1024, delay: 2 };
const PIECES = 80;

let folder = '';
let cluster: ClusterDouble;
let file = '';
const notices: string[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'potluck-get-'));
  file = join(folder, 'out');
  notices.length = 0;
});

afterEach(async () => {
  await cluster.close();
  await rm(folder, { recursive: true });
});

function load(options: GetOptions = {}): Promise<GetResult> {
  return get(cluster.url, { output: file, limits: LIMITS, onNotice: (notice) => notices.push(notice), ...options });
}

/** Begins the download and gives it up after about `pieces` pieces. */
async function interrupt(pieces: number): Promise<void> {
  const abort = new AbortController();
  const loading = load({
    signal: abort.signal,
    onProgress: ({ done }) => {
      if (done >= pieces * PIECE) abort.abort(new Error('enough'));
    },
  });
  await expect(loading).rejects.toThrow('enough');
}

/** A second version of the object replaces the first one everywhere. */
async function change(body: Buffer): Promise<void> {
  cluster.version = new Version(cluster.identity, cluster.target, body);
  cluster.named = [];
  await cluster.peer({});
}

describe('a download that is interrupted', () => {
  it('goes on where it was, and asks nobody for what it has', async () => {
    const body = bodyOf(PIECES * PIECE + 5);
    cluster = await new ClusterDouble(body).start(SLOW);
    await interrupt(40);
    expect(notices.join()).toContain(`kept in ${file}.part`);
    expect((await readdir(folder)).sort()).toEqual(['out.part', 'out.part.jsonl']);
    const before = cluster.peers[0]!.sent;
    const result = await load();
    expect((await readFile(file)).equals(body)).toBe(true);
    expect(result.resumed).toBeGreaterThanOrEqual(40 * PIECE);
    const stragglers = 8 * 1024; // chunks of the first run that were on their way when it ended
    expect(cluster.peers[0]!.sent - before).toBeLessThanOrEqual(body.length - result.resumed + stragglers);
    expect(await readdir(folder)).toEqual(['out']);
  });

  it('needs nobody any more when all was there already', async () => {
    const body = bodyOf(4 * PIECE);
    cluster = await new ClusterDouble(body).start({});
    await load();
    const head = cluster.version.head;
    const lines = [
      {
        ...{ potluck: 1, url: cluster.url, object: head.object, revision: head.revision, length: head.length },
        ...{ pieceSize: PIECE, manager: cluster.identity.fingerprint },
      },
      ...[0, 1, 2, 3].map((piece) => ({
        piece,
        ...cluster.identity.signPiece(head.object, head.revision, piece, cluster.version.piece(piece)),
      })),
    ];
    await rm(file);
    await writeFile(`${file}.part`, body);
    await writeFile(`${file}.part.jsonl`, lines.map((line) => JSON.stringify(line)).join('\n'));
    const before = cluster.peers[0]!.downloads.length;
    expect(await load()).toMatchObject({ resumed: body.length, bytes: body.length, verified: true });
    expect(cluster.peers[0]!.downloads.length).toBe(before);
    expect((await readFile(file)).equals(body)).toBe(true);
  });

  it('does not believe what has been changed on the disk meanwhile', async () => {
    const body = bodyOf(PIECES * PIECE);
    cluster = await new ClusterDouble(body).start(SLOW);
    await interrupt(40);
    const part = await open(`${file}.part`, 'r+');
    await part.write(Buffer.from([(body[3 * PIECE] as number) ^ 1]), 0, 1, 3 * PIECE);
    await part.close();
    await load();
    expect((await readFile(file)).equals(body)).toBe(true);
  });

  it('survives a journal with a torn last line, rubbish, and claims that nobody signed', async () => {
    const body = bodyOf(PIECES * PIECE);
    cluster = await new ClusterDouble(body).start(SLOW);
    await interrupt(20);
    const forged = { piece: 79, key: cluster.identity.fingerprint, sha256: '0'.repeat(64), signature: 'AA' };
    const odd = [forged, { piece: -1 }, { piece: 1e9 }, null, 7].map((line) => JSON.stringify(line)).join('\n');
    await appendFile(`${file}.part.jsonl`, `${odd}\n{"piece":5,"sha`);
    const first = await load({ signal: AbortSignal.timeout(20_000) });
    expect(first.resumed).toBeGreaterThanOrEqual(20 * PIECE);
    expect((await readFile(file)).equals(body)).toBe(true);
  });

  it('leaves nothing behind where nothing had come', async () => {
    cluster = await new ClusterDouble(bodyOf(PIECE)).start({ instead: () => true });
    await expect(load({ signal: AbortSignal.timeout(200) })).rejects.toThrow();
    expect(await readdir(folder)).toEqual([]);
  });

  it('begins anew with restart', async () => {
    const body = bodyOf(PIECES * PIECE);
    cluster = await new ClusterDouble(body).start(SLOW);
    await interrupt(20);
    expect(await load({ restart: true })).toMatchObject({ resumed: 0 });
    expect((await readFile(file)).equals(body)).toBe(true);
  });

  it('does not go on with a part of another URL, or from another manager', async () => {
    cluster = await new ClusterDouble(bodyOf(PIECES * PIECE)).start(SLOW);
    await interrupt(10);
    const first = cluster;
    cluster = await new ClusterDouble(bodyOf(PIECES * PIECE)).start(SLOW);
    await expect(load()).rejects.toMatchObject({ code: 'POTLUCK_KEY_CHANGED' });
    await first.close();
    expect((await stat(`${file}.part`)).size).toBeGreaterThan(0);
  });
});

describe('an object that changes', () => {
  const fresh = bodyOf(PIECES * PIECE, 2);

  it('is loaded again from the start, once, where nothing of an earlier run is lost', async () => {
    cluster = await new ClusterDouble(bodyOf(PIECES * PIECE)).start(SLOW);
    let changed = false;
    const result = await load({
      onProgress: ({ done }) => {
        if (changed || done < 10 * PIECE) return;
        changed = true;
        void change(fresh).then(() => cluster.peers[0]!.kill());
      },
    });
    expect((await readFile(file)).equals(fresh)).toBe(true);
    expect(result.revision).toBe(cluster.version.head.revision);
    expect(notices.join()).toContain('begins again');
  });

  it('is refused where an older version was half there, which is kept', async () => {
    cluster = await new ClusterDouble(bodyOf(PIECES * PIECE)).start(SLOW);
    await interrupt(20);
    await change(fresh);
    await expect(load()).rejects.toMatchObject({ code: 'POTLUCK_REVISION_CHANGED' });
    expect((await readdir(folder)).sort()).toEqual(['out.part', 'out.part.jsonl']);
    expect(await load({ restart: true })).toMatchObject({ resumed: 0 });
    expect((await readFile(file)).equals(fresh)).toBe(true);
  });

  it('ends a resumed download when it happens during it', async () => {
    cluster = await new ClusterDouble(bodyOf(PIECES * PIECE)).start(SLOW);
    await interrupt(20);
    let changed = false;
    const loading = load({
      onProgress: ({ done }) => {
        if (changed || done < 30 * PIECE) return;
        changed = true;
        void change(fresh).then(() => cluster.peers[0]!.kill());
      },
    });
    await expect(loading).rejects.toMatchObject({ code: 'POTLUCK_REVISION_CHANGED' });
    expect((await readdir(folder)).sort()).toEqual(['out.part', 'out.part.jsonl']);
  });

  it('never mixes two versions, even where a peer serves the new one under the name of the old', async () => {
    const old = bodyOf(PIECES * PIECE);
    const swap = (bytes: Buffer, offset: number): Buffer => Buffer.from(fresh.subarray(offset, offset + bytes.length));
    cluster = await new ClusterDouble(old).start({ tamper: swap }, SLOW);
    await load();
    expect((await readFile(file)).equals(old)).toBe(true);
  });
});
