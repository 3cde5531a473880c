import { request as httpRequest, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { MEMBERS_HEADER, PROOF_HEADER } from '../../../src/engine/protocol/paths.ts';
import { eventually, sha256OfUrl } from '../../support/help.ts';
import { type Origin, type OriginFile, startOrigin } from '../../support/origin.ts';
import { type ContentOptions, startContent } from './content.ts';
import { type Members, type Peer, startImpostor, startPeer } from './peers.ts';

const MiB = 1024 * 1024;
const SIZE = 3 * MiB + 100;

describe('peers that fetch pieces from one another', () => {
  let origin: Origin;
  let manager: Awaited<ReturnType<typeof startContent>>;
  let members: Members;
  let peers: Peer[] = [];
  const closers: (() => unknown)[] = [];

  async function start(files: Record<string, OriginFile>, options: ContentOptions = {}) {
    origin = await startOrigin({ files });
    manager = await startContent(origin.url, options);
    members = new Map();
  }

  async function join(id: string, options: { memory?: number } = {}): Promise<Peer> {
    const peer = await startPeer(id, manager, members, options);
    peers.push(peer);
    return peer;
  }

  async function impostor(id: string, handler: RequestListener) {
    const it = await startImpostor(id, members, handler);
    closers.push(() => it.close());
  }

  afterEach(async () => {
    for (const close of closers.splice(0)) close();
    // Whatever went wrong in a test, nobody may still hold memory.
    for (const peer of peers) await peer.settled();
    for (const peer of peers) await peer.close();
    peers = [];
    await eventually(() => manager.store.stats().held === 0);
    await manager.close();
    await origin.close();
  });

  async function expectFile(peer: Peer, path = '/file') {
    const got = await sha256OfUrl(peer.url + path);
    expect(got).toMatchObject({ status: 200, sha256: await origin.expectedSha256(path) });
  }

  /** Sends a member's request on to another one; `change` may tamper with the answer. */
  const relay =
    (
      to: Peer,
      change: (answer: IncomingMessage, body: Buffer) => { headers: string[]; body: Buffer },
    ): RequestListener =>
    async (request, response) => {
      const body = await buffer(request);
      const forwarded = httpRequest(to.url + request.url, {
        method: 'POST',
        headers: request.rawHeaders,
        agent: false,
      });
      forwarded.once('response', async (answer) => {
        const changed = change(answer, await buffer(answer));
        response.writeHead(answer.statusCode ?? 500, changed.headers);
        response.end(changed.body);
      });
      forwarded.end(body);
    };

  const proofOf = (answer: IncomingMessage) => [PROOF_HEADER, answer.headers[PROOF_HEADER] as string];

  const says =
    (status: number, headers: string[] = []): RequestListener =>
    (request, response: ServerResponse) => {
      request.resume();
      response.writeHead(status, ['Content-Length', '0', ...headers]);
      response.end();
    };

  it('takes from the owner what the owner has, and the origin sends it once', async () => {
    await start({ '/file': { size: SIZE } });
    const [a, b] = [await join('a'), await join('b')];
    a.view.owner = () => 'b';
    await expectFile(a);
    await expectFile(b);
    expect(a.loader.stats).toMatchObject({ fromOwner: 4, fromShield: 0 });
    expect(b.loader.stats).toMatchObject({ fromOwner: 0, fromShield: 4 });
    expect(origin.stats.bodyBytes).toBe(SIZE);
    expect(a.events.announced).toHaveLength(4);
  });

  it('turns to the shield when the owner is gone, and leaves it alone for a while', async () => {
    await start({ '/file': { size: SIZE } });
    const [a, b] = [await join('a'), await join('b')];
    a.view.owner = () => 'b';
    await b.stop();
    await expectFile(a);
    expect(a.loader.stats.fromShield).toBe(4);
    expect(a.events.avoided).toContain('b');
    expect(a.events.accused).toEqual([]);
  });

  it('asks the shield as well when the owner takes too long', async () => {
    await start({ '/file': { size: 1000 } });
    const a = await join('a');
    a.view.owner = () => 'b';
    await impostor('b', () => undefined);
    await expectFile(a);
    expect(a.loader.stats).toMatchObject({ hedged: 1, fromShield: 1, fromOwner: 0 });
  });

  it('stores nothing of a bad piece, accuses who sent it, and gets it elsewhere', async () => {
    await start({ '/file': { size: SIZE } });
    const [a, b] = [await join('a'), await join('b')];
    await expectFile(b);
    a.view.owner = () => 'liar';
    const flip = relay(b, (answer, body) => {
      body.writeUInt8(body.readUInt8(7) ^ 1, 7);
      return { headers: [...proofOf(answer), 'Content-Length', String(body.length)], body };
    });
    await impostor('liar', flip);
    await expectFile(a);
    expect(a.events.accused).toEqual(['liar', 'liar', 'liar', 'liar']);
    expect(a.loader.stats).toMatchObject({ bad: 4, fromOwner: 0, fromShield: 4 });
    await expectFile(a); // from its store
  });

  it('takes a piece without a proof for a bad one', async () => {
    await start({ '/file': { size: 1000 } });
    const a = await join('a');
    a.view.owner = () => 'liar';
    await impostor('liar', says(200));
    await expectFile(a);
    expect(a.events.accused).toEqual(['liar']);
  });

  it('does not believe an owner that says the revision is gone', async () => {
    await start({ '/file': { size: 1000 } });
    const a = await join('a');
    a.view.owner = () => 'liar';
    await impostor('liar', says(410));
    await expectFile(a);
  });

  it('does not take an owner for gone that could be reached and refused', async () => {
    await start({ '/file': { size: SIZE } });
    const a = await join('a');
    a.view.owner = (piece) => (piece.endsWith('0') ? 'b' : piece.endsWith('1') ? 'c' : 'd');
    await impostor('b', says(502));
    await impostor('c', says(504));
    await impostor('d', says(503));
    await expectFile(a);
    expect(a.events).toMatchObject({ avoided: [], accused: [] });
  });

  it('asks the members that a busy owner names', async () => {
    await start({ '/file': { size: SIZE } });
    const [a, c] = [await join('a'), await join('c')];
    await expectFile(c);
    a.view.owner = () => 'busy';
    await impostor('busy', says(503, [MEMBERS_HEADER, 'nobody, c']));
    await expectFile(a);
    expect(a.loader.stats).toMatchObject({ fromHolder: 4, fromShield: 0 });
  });

  it('finds what only a third member still holds, and leaves the origin alone', async () => {
    const holders: string[] = [];
    await start({ '/file': { size: SIZE } }, { holders: () => holders });
    const [a, c, d] = [await join('a'), await join('c'), await join('d')];
    await expectFile(c);
    manager.store.deleteDirectory([...manager.heads.all()][0]?.dir as string);
    holders.push('d', 'c');
    a.view.owner = () => 'busy';
    await impostor('busy', says(503, [MEMBERS_HEADER, 'd'])); // which has it no longer
    await expectFile(a);
    expect(a.loader.stats.fromHolder).toBe(4);
    expect(origin.stats.bodyBytes).toBe(SIZE);
    expect(d.loader.stats.fromShield).toBe(0);
  });

  it('is given by a holder what the shield is sending there in this moment, and nothing else that is lacking', async () => {
    await start({ '/file': { size: SIZE } });
    const c = await join('c');
    await fetch(`${c.url}/file`, { method: 'HEAD' });
    const [live] = c.heads.all();
    if (live === undefined) throw new Error('no head came');
    const { signal } = new AbortController();
    expect(await c.loader.storedForMember(live, 3, signal)).toBeUndefined();
    const arriving = c.loader.pieceForMember(live, 3, { exhausted: false, ahead: 0 }, signal);
    const named = c.loader.storedForMember(live, 3, signal);
    for (const entry of [await arriving, await named]) {
      expect(entry?.bytes.length).toBe(100);
      entry?.release();
    }
    expect(c.loader.stats.fromShield).toBe(1);
  });

  it('finds the piece that came with the head, however small the memory of the manager is', async () => {
    await start({ '/file': { size: 12 * MiB } }, { memory: 6 * MiB });
    const c = await join('c');
    await fetch(`${c.url}/file`, { method: 'HEAD' });
    const [live] = c.heads.all();
    if (live === undefined) throw new Error('no head came');
    const { signal } = new AbortController();
    for (const index of [1, 2, 3, 4, 5, 6, 7, 0]) {
      (await c.loader.pieceForMember(live, index, { exhausted: false, ahead: 0 }, signal)).release();
    }
    expect(origin.stats.bodyBytes).toBe(8 * MiB);
  });

  it('has the shield fetch what nobody holds, whoever was named', async () => {
    const holders: string[] = [];
    await start({ '/file': { size: SIZE } }, { holders: () => holders });
    const [a] = [await join('a'), await join('c')];
    holders.push('c', 'unknown');
    await expectFile(a);
    expect(a.loader.stats).toMatchObject({ fromHolder: 0, fromShield: 4 });
  });

  it('does not store what was purged while it was on its way', async () => {
    await start({ '/file': { size: 1000, headers: { 'Cache-Tag': 'news' } }, '/other': { size: 1000 } });
    const [a, b] = [await join('a'), await join('b')];
    a.view.owner = () => 'slow';
    for (const [path, purge] of [
      ['/other', { group: 'default', kind: 'url', value: '/other', soft: false }],
      ['/file', { group: 'default', kind: 'tag', value: 'news', soft: false }],
    ] as const) {
      await impostor('slow', (request, response) => {
        void manager.purge(purge);
        relay(b, (answer, body) => ({ headers: [...proofOf(answer), 'Content-Length', String(body.length)], body }))(
          request,
          response as never,
        );
      });
      await expectFile(b, path);
      await expectFile(a, path);
      expect(a.store.stats().entries).toBe(0);
    }
    expect(a.events.announced).toEqual([]);
  });

  it('sends a client back to the manager when the version that it was sent for is gone everywhere', async () => {
    await start({ '/file': { size: SIZE, cacheControl: 'max-age=60' } });
    const a = await join('a');
    await expectFile(a);
    const [live] = a.heads.all();
    const [dir, revision] = [live?.dir as string, live?.head.revision as string];
    a.store.deleteDirectory(dir);
    manager.store.deleteDirectory(dir);
    origin.replace('/file', 'another');
    const { port } = new URL(manager.url);
    const back = await fetch(`${a.url}/file?potluck-rev=${revision}`, { redirect: 'manual' });
    expect([back.status, new URL(back.headers.get('location') as string).port]).toEqual([302, port]);
    await back.body?.cancel();
    await expectFile(a);
  });

  it('finishes although each thinks the other the owner, and both have little memory for many readers', async () => {
    const size = 10 * MiB;
    await start({ '/file': { size } });
    const [a, b] = [await join('a', { memory: 5 * MiB }), await join('b', { memory: 5 * MiB })];
    a.view.owner = () => 'b';
    b.view.owner = () => 'a';
    const expected = await origin.expectedSha256('/file');
    const readers = Array.from({ length: 100 }, (_, i) => sha256OfUrl(`${(i % 2 ? a : b).url}/file`));
    const sums = new Set((await Promise.all(readers)).map(({ sha256 }) => sha256));
    expect([...sums]).toEqual([expected]);
    expect(origin.stats.bodyBytes).toBe(size);
  }, 120_000);

  it('gives back everything when readers leave in the middle', async () => {
    await start({ '/file': { size: 16 * MiB } });
    const [a, b] = [await join('a', { memory: 6 * MiB }), await join('b', { memory: 6 * MiB })];
    a.view.owner = () => 'b';
    b.view.owner = () => 'a';
    await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        const leaver = new AbortController();
        const response = await fetch(`${(i % 2 ? a : b).url}/file`, { signal: leaver.signal });
        const reader = response.body?.getReader();
        for (let got = 0; got < i * 300_000; ) got += (await reader?.read())?.value?.length ?? Number.POSITIVE_INFINITY;
        leaver.abort();
      }),
    );
    for (const peer of [a, b]) await peer.settled();
    await expectFile(a);
  });
});
