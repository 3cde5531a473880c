import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type GetOptions, type GetResult, get } from '../../../src/engine/client/get.ts';
import { bodyOf, ClusterDouble, json, type PeerOptions, PIECE } from './double.ts';

/** Real time-outs are seconds; here they are as short as a busy machine allows. */
const LIMITS = { stallAfter: 400, runTime: 200, lookupInterval: 50, rest: 20, maxRest: 100, tick: 25, busyWait: 100 };

let folder = '';
let cluster: ClusterDouble;
const notices: string[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'potluck-get-'));
  notices.length = 0;
});

afterEach(async () => {
  await cluster.close();
  await rm(folder, { recursive: true });
});

async function clusterOf(body: Buffer, ...peers: PeerOptions[]): Promise<ClusterDouble> {
  cluster = await new ClusterDouble(body).start(...peers);
  return cluster;
}

function load(options: GetOptions = {}): Promise<GetResult> {
  return get(cluster.url, {
    output: join(folder, 'out'),
    onNotice: (notice) => notices.push(notice),
    ...options,
    limits: { ...LIMITS, ...options.limits },
  });
}

const out = () => readFile(join(folder, 'out'));

describe('get from an honest cluster', () => {
  it('brings a file whole from several peers at once and says from whom', async () => {
    const body = bodyOf(200 * PIECE + 17);
    await clusterOf(body, { chunk: PIECE, delay: 1 }, { chunk: PIECE, delay: 1 }, { chunk: PIECE, delay: 1 });
    const result = await load();
    expect((await out()).equals(body)).toBe(true);
    expect(result).toMatchObject({ bytes: body.length, verified: true, resumed: 0, file: join(folder, 'out') });
    expect(result.sha256).toBe(cluster.version.head.digest);
    expect(result.manager).toEqual({ name: 'office', fingerprint: cluster.identity.fingerprint });
    expect(result.sources.map(({ pieces }) => pieces > 0)).toEqual([true, true, true]);
    expect(result.sources.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(body.length);
    expect(await readdir(folder)).toEqual(['out']);
  });

  it.each([0, 1, PIECE - 1, PIECE, PIECE + 1])('brings %i bytes', async (length) => {
    const body = bodyOf(length);
    await clusterOf(body, {});
    expect(await load()).toMatchObject({ bytes: length, verified: true });
    expect((await out()).equals(body)).toBe(true);
  });

  it('takes everything from the manager while it has no peer', async () => {
    const body = bodyOf(20 * PIECE);
    await clusterOf(body);
    const result = await load();
    expect((await out()).equals(body)).toBe(true);
    expect(result).toMatchObject({ verified: true, sources: [{ url: cluster.manager.base, pieces: 20 }] });
  });

  it('asks for more sources while one brings everything, and a few times only', async () => {
    const body = bodyOf(200 * PIECE);
    await clusterOf(body, { chunk: PIECE, delay: 5 }, { chunk: PIECE, delay: 5 });
    const [first] = cluster.peers;
    cluster.named = first === undefined ? [] : [first];
    let asked = 0;
    cluster.instead = (request) => {
      if (request.url === cluster.target && ++asked === 3) cluster.named = cluster.peers;
      return false;
    };
    const result = await load();
    expect((await out()).equals(body)).toBe(true);
    expect(result.sources.map(({ pieces }) => pieces > 0)).toEqual([true, true]);
    expect(asked).toBe(3);
  });

  it('goes on with the one source that it has when the manager knows another revision by then', async () => {
    const body = bodyOf(100 * PIECE);
    await clusterOf(body, { chunk: PIECE, delay: 5 });
    let asked = 0;
    cluster.instead = (request, response) => {
      if (request.url !== cluster.target || ++asked === 1) return false;
      response.writeHead(200, { 'content-length': '5' }).end('newer');
      return true;
    };
    expect(await load()).toMatchObject({ verified: true, bytes: body.length });
    expect(asked).toBeGreaterThan(1);
    expect(asked).toBeLessThan(6);
  });

  it('is not led astray by a link that came through from an origin that is a manager itself', async () => {
    const body = bodyOf(3 * PIECE);
    await clusterOf(body);
    const foreign = `</_potluck/heads/${'0'.repeat(32)}/${'1'.repeat(32)}>; rel=describedby`;
    cluster.links = [foreign];
    expect(await load()).toMatchObject({ verified: true, bytes: body.length });
  });

  it('asks the peer for hashes that the manager does not know yet', async () => {
    const body = bodyOf(50 * PIECE);
    await clusterOf(body, {}, {});
    cluster.known = () => false;
    expect(await load()).toMatchObject({ verified: true });
    expect((await out()).equals(body)).toBe(true);
  });

  it('waits for a hash that becomes known a little later', async () => {
    const body = bodyOf(4 * PIECE);
    let asked = 0;
    await clusterOf(body, { known: () => ++asked > 12 });
    cluster.known = () => false;
    expect(await load()).toMatchObject({ verified: true });
    expect(asked).toBeGreaterThan(12);
  });

  it('reports progress up to the whole', async () => {
    const body = bodyOf(30 * PIECE);
    await clusterOf(body, {});
    const seen: number[] = [];
    await load({ onProgress: ({ done }) => seen.push(done) });
    expect(seen[0]).toBe(0);
    expect(seen.at(-1)).toBe(body.length);
    expect([...seen].sort((a, b) => a - b)).toEqual(seen);
  });

  it('follows the own redirects of the origin as long as they stay at the manager', async () => {
    const body = bodyOf(3 * PIECE);
    await clusterOf(body, {});
    cluster.instead = (request, response) => {
      const moved = request.url === '/latest';
      if (moved) response.writeHead(301, { location: cluster.target }).end();
      return moved;
    };
    const result = await get(`${cluster.manager.base}/latest`, { output: join(folder, 'out'), limits: LIMITS });
    expect(result.verified).toBe(true);
    expect((await out()).equals(body)).toBe(true);
  });

  it('waits for a manager that is busy', async () => {
    await clusterOf(bodyOf(PIECE), {});
    let busy = 2;
    cluster.instead = (request, response) => {
      if (request.url !== cluster.target || busy-- <= 0) return false;
      json(response, 503, { error: { code: 'POTLUCK_BUSY', message: 'busy' } }, { 'retry-after': '1' });
      return true;
    };
    expect(await load()).toMatchObject({ verified: true });
  });
});

describe('get from peers that fail', () => {
  it('never writes a flipped byte, drops who sent it and says so', async () => {
    const body = bodyOf(100 * PIECE);
    const flip = (bytes: Buffer): Buffer => {
      bytes[bytes.length - 1] = (bytes[bytes.length - 1] as number) ^ 1;
      return bytes;
    };
    await clusterOf(body, { tamper: flip }, { chunk: PIECE, delay: 1 });
    const result = await load();
    expect((await out()).equals(body)).toBe(true);
    expect(result.sources[0]).toMatchObject({ url: cluster.peers[0]?.base, dropped: expect.stringContaining('piece') });
    expect(notices.join()).toContain(`${cluster.peers[0]?.base} sent bad data`);
    expect(cluster.peers[0]?.downloads.length).toBeLessThanOrEqual(2);
  });

  it('ends with an error, not with bad bytes, where everybody lies', async () => {
    await clusterOf(bodyOf(10 * PIECE), { tamper: (bytes) => bytes.fill(0) }, { tamper: (bytes) => bytes.fill(1) });
    await expect(load({ limits: { lookups: 2 } })).rejects.toMatchObject({
      code: 'POTLUCK_DOWNLOAD_FAILED',
      message: expect.stringContaining('is not what the manager signed'),
    });
    expect(await readdir(folder)).toEqual([]);
  });

  it('gets away from a lying peer that the manager still believes in, by telling it which one', async () => {
    const body = bodyOf(10 * PIECE);
    await clusterOf(body, { id: 'liar-1', tamper: (bytes) => bytes.fill(0) });
    cluster.instead = (request) => {
      if (request.url?.includes('potluck-not=liar-1')) cluster.named = [];
      return false;
    };
    const result = await load();
    expect((await out()).equals(body)).toBe(true);
    expect(result.sources.map(({ pieces }) => pieces)).toEqual([0, 10]);
  });

  it('drops a peer that vouches for its bytes with a signature of its own', async () => {
    const body = bodyOf(20 * PIECE);
    const forger = new ClusterDouble(body.map((byte) => byte ^ 1) as Buffer);
    await clusterOf(
      body,
      {
        tamper: (bytes) => Buffer.from(bytes.map((byte) => byte ^ 1)),
        page: (from, count) => forger.version.page(from, count),
      },
      { chunk: PIECE, delay: 1 },
    );
    cluster.known = () => false;
    const result = await load();
    expect((await out()).equals(body)).toBe(true);
    expect(result.sources[0]?.dropped).toBeDefined();
    expect(result.sources[0]?.bytes).toBe(0);
  });

  it.each<[string, object]>([
    ['a list', []],
    ['pieces that are no list', { pieces: 7 }],
    ['pieces without hashes', { pieces: [{ index: 0 }] }],
    ['a head that is no head', { head: { payload: 1 } }],
    ['a proof of another piece', { pieces: [] }],
  ])('outlives a peer whose hashes are malformed: %s', async (name, page) => {
    const body = bodyOf(12 * PIECE);
    const proofs = () => {
      const { pieces } = cluster.version.page(0, 1) as { pieces: object[] };
      return name === 'a proof of another piece' ? { pieces: pieces.map((proof) => ({ ...proof, index: 1 })) } : page;
    };
    await clusterOf(body, { page: proofs }, { chunk: PIECE, delay: 1 });
    cluster.known = () => false;
    expect(await load()).toMatchObject({ verified: true });
    expect((await out()).equals(body)).toBe(true);
  });

  it('goes on elsewhere when a peer dies in mid-transfer', async () => {
    const body = bodyOf(400 * PIECE);
    await clusterOf(body, { chunk: 512, delay: 2 }, { chunk: PIECE, delay: 2 });
    const result = await load({
      onProgress: ({ done }) => {
        if (done > 40 * PIECE && cluster.named.length > 1) {
          cluster.named = cluster.named.slice(1);
          void cluster.peers[0]?.kill();
        }
      },
    });
    expect((await out()).equals(body)).toBe(true);
    expect(result.sources[1]?.pieces).toBeGreaterThan(100);
  });

  it('finds a new peer at the manager when the only one dies', async () => {
    const body = bodyOf(100 * PIECE);
    await clusterOf(body, { chunk: 1024, delay: 1 });
    const spare = await cluster.peer();
    cluster.named = [cluster.peers[0] as typeof spare];
    const result = await load({
      onProgress: ({ done }) => {
        if (done < 10 * PIECE || cluster.named[0] === spare) return;
        cluster.named = [spare];
        void cluster.peers[0]?.kill();
      },
    });
    expect((await out()).equals(body)).toBe(true);
    expect(result.sources).toHaveLength(2);
  });

  it('gives the work of a peer that stalls to another one', async () => {
    const body = bodyOf(30 * PIECE);
    const hang: PeerOptions['instead'] = (_, response) => {
      response.writeHead(206, {
        'content-range': `bytes 0-${2 * PIECE - 1}/${body.length}`,
        'content-length': 2 * PIECE,
      });
      response.flushHeaders();
      return true;
    };
    await clusterOf(body, { instead: hang }, {});
    expect(await load({ limits: { runTime: 20_000 } })).toMatchObject({ verified: true });
    expect((await out()).equals(body)).toBe(true);
    expect(notices.join()).toContain('has stalled');
  });

  it('does not let a slow peer hold up a fast one', async () => {
    const body = bodyOf(60 * PIECE);
    await clusterOf(body, { chunk: 64, delay: 50 }, {}); // the slow one would need minutes for its share
    const result = await load();
    expect((await out()).equals(body)).toBe(true);
    expect(result.sources[1]?.pieces).toBeGreaterThan(50);
    expect(result.duration).toBeLessThan(10_000);
  });

  it('asks the manager again when a peer turns it back, naming that peer', async () => {
    const body = bodyOf(10 * PIECE);
    await clusterOf(body);
    const leaving = await cluster.peer({
      instead: (_, response) => {
        response.writeHead(302, { location: `${cluster.url}?potluck-not=desk-7` }).end();
        return true;
      },
    });
    const staying = await cluster.peer();
    cluster.named = [leaving];
    cluster.instead = (request) => {
      if (request.url?.includes('potluck-not=desk-7')) cluster.named = [staying];
      return false;
    };
    expect(await load()).toMatchObject({ verified: true });
    expect((await out()).equals(body)).toBe(true);
    expect(cluster.manager.requests.join()).toContain('potluck-not=desk-7');
  });

  it.each([410, 412, 500, 503])('goes elsewhere on %i', async (status) => {
    const body = bodyOf(10 * PIECE);
    const refuse: PeerOptions = {
      instead: (_, response) => {
        json(response, status, {});
        return true;
      },
    };
    await clusterOf(body, refuse, {});
    expect(await load()).toMatchObject({ verified: true });
    expect((await out()).equals(body)).toBe(true);
  });

  it('reads a peer that knows no ranges once from the start', async () => {
    const body = bodyOf(100 * PIECE);
    await clusterOf(body, { ranges: false, chunk: PIECE, delay: 1 });
    expect(await load()).toMatchObject({ verified: true });
    expect((await out()).equals(body)).toBe(true);
    expect(cluster.peers[0]?.sent).toBeLessThan(2 * body.length);
  });

  it('refuses a range that is not the one it asked for', async () => {
    const body = bodyOf(10 * PIECE);
    const shifted: PeerOptions = {
      instead: (_, response) => {
        response.writeHead(206, { 'content-range': `bytes 1-${PIECE}/${body.length}`, 'content-length': PIECE });
        response.end(body.subarray(1, PIECE + 1));
        return true;
      },
    };
    await clusterOf(body, shifted, { chunk: PIECE, delay: 1 });
    expect(await load()).toMatchObject({ verified: true });
    expect((await out()).equals(body)).toBe(true);
  });
});

describe('get and the manager it trusts', () => {
  it('takes the key that was pinned, however it is written', async () => {
    await clusterOf(bodyOf(PIECE), {});
    const key = (cluster.identity.fingerprint.toUpperCase().match(/../g) ?? []).join(':');
    expect(await load({ key })).toMatchObject({ verified: true });
  });

  it('refuses another key than the pinned one', async () => {
    await clusterOf(bodyOf(PIECE), {});
    await expect(load({ key: 'ab'.repeat(32) })).rejects.toMatchObject({ code: 'POTLUCK_KEY_CHANGED' });
  });

  it('refuses a head that somebody else signed', async () => {
    await clusterOf(bodyOf(PIECE), {});
    cluster.health = { ...cluster.health, ...new ClusterDouble(bodyOf(1)).health };
    await expect(load()).rejects.toMatchObject({ code: 'POTLUCK_BAD_PIECE' });
  });

  it('refuses the signed head of another object of the same manager', async () => {
    await clusterOf(bodyOf(PIECE), {});
    const url = `${cluster.manager.base}/other.bin`;
    cluster.instead = (request, response) => {
      if (request.url !== '/other.bin') return false;
      const link = `<${cluster.version.heads}>; rel="describedby"`;
      response.writeHead(302, { location: cluster.urlAt(cluster.named[0]!), link }).end();
      return true;
    };
    await expect(get(url, { output: join(folder, 'out') })).rejects.toMatchObject({ code: 'POTLUCK_BAD_PIECE' });
  });

  it.each([
    ['a plain web server', 404, {}, 'is no Potluck manager'],
    ['a page where the health report should be', 200, 'hello', 'is no Potluck manager'],
    ['a peer', 200, { role: 'peer' }, 'it is a peer'],
  ])('says what it met: %s', async (_, status, health, message) => {
    await clusterOf(bodyOf(PIECE), {});
    cluster.instead = (_request, response) => {
      json(response, status, health);
      return true;
    };
    await expect(load()).rejects.toMatchObject({
      code: 'POTLUCK_DOWNLOAD_FAILED',
      message: expect.stringContaining(message),
    });
  });

  it('names both protocol versions where they differ', async () => {
    await clusterOf(bodyOf(PIECE), {});
    cluster.health = { ...cluster.health, protocol: 99 };
    await expect(load()).rejects.toMatchObject({ code: 'POTLUCK_VERSION_MISMATCH' });
  });

  it('says that nothing listens where nothing does', async () => {
    await clusterOf(bodyOf(PIECE), {});
    const { url } = cluster;
    await cluster.manager.kill();
    await expect(get(url, { limits: LIMITS })).rejects.toMatchObject({ code: 'POTLUCK_MANAGER_UNREACHABLE' });
  });

  it('passes on what the manager says of a missing file', async () => {
    await clusterOf(bodyOf(PIECE), {});
    await expect(get(`${cluster.manager.base}/missing`, { output: join(folder, 'out') })).rejects.toMatchObject({
      message: expect.stringMatching(/404 \(nothing here\)/),
    });
  });

  it.each(['ftp://x/y', 'http://', 'http://user:secret@host/x'])('refuses the URL %s', async (url) => {
    await clusterOf(bodyOf(1));
    await expect(get(url)).rejects.toMatchObject({ code: 'POTLUCK_USAGE' });
  });
});

describe('get without signed hashes', () => {
  const stream = (text: string, headers: Record<string, string> = {}): void => {
    cluster.instead = (request, response) => {
      if (request.url !== cluster.target) return false;
      response.writeHead(200, headers);
      response.end(text);
      return true;
    };
  };

  it('takes what the manager passes through as one stream, and says that nobody vouches for it', async () => {
    await clusterOf(bodyOf(1));
    stream('as it comes');
    expect(await load()).toMatchObject({ verified: false, bytes: 11 });
    expect((await out()).toString()).toBe('as it comes');
    expect(notices.join()).toContain('cannot be verified');
    expect(await readdir(folder)).toEqual(['out']);
  });

  it('leaves nothing behind where the stream breaks off', async () => {
    await clusterOf(bodyOf(1));
    cluster.instead = (request, response) => {
      if (request.url !== cluster.target) return false;
      response.writeHead(200, { 'content-length': '1000' });
      response.write('half', () => response.destroy());
      return true;
    };
    await expect(load()).rejects.toMatchObject({ code: 'POTLUCK_DOWNLOAD_FAILED' });
    expect(await readdir(folder)).toEqual([]);
  });

  it('refuses it where a key was pinned', async () => {
    await clusterOf(bodyOf(1));
    stream('anything');
    await expect(load({ key: cluster.identity.fingerprint })).rejects.toMatchObject({
      code: 'POTLUCK_DOWNLOAD_FAILED',
    });
  });
});

describe('get and the file it writes', () => {
  it('names the file by Content-Disposition, without a way out of the folder', async () => {
    const headers = ['Content-Disposition', 'attachment; filename="../../evil.sh"'];
    cluster = await new ClusterDouble(bodyOf(PIECE), { headers }).start({});
    expect(await load({ output: folder })).toMatchObject({ file: join(folder, 'evil.sh') });
  });

  it('names the file by the URL otherwise', async () => {
    await clusterOf(bodyOf(PIECE), {});
    expect(await load({ output: folder })).toMatchObject({ file: join(folder, 'file.bin') });
  });

  it('does not touch a file that is there, unless it is told to', async () => {
    await clusterOf(bodyOf(PIECE), {});
    await writeFile(join(folder, 'out'), 'precious');
    await expect(load()).rejects.toMatchObject({ code: 'POTLUCK_FILE_EXISTS' });
    expect((await out()).toString()).toBe('precious');
    await load({ force: true });
    expect((await out()).equals(cluster.version.body)).toBe(true);
  });

  it('does not touch a file that has come up meanwhile', async () => {
    await clusterOf(bodyOf(10 * PIECE), { chunk: PIECE, delay: 20 });
    const loading = load({ onProgress: ({ done }) => void (done > 0 && writeFile(join(folder, 'out'), 'precious')) });
    await expect(loading).rejects.toMatchObject({ code: 'POTLUCK_FILE_EXISTS' });
    expect((await out()).toString()).toBe('precious');
  });

  it('says that a folder is not there', async () => {
    await clusterOf(bodyOf(PIECE), {});
    await expect(load({ output: join(folder, 'no', 'out') })).rejects.toMatchObject({
      code: 'POTLUCK_FILE_UNWRITABLE',
      message: expect.stringContaining('the folder does not exist'),
    });
  });

  it('does not overwrite a partial file that is none of its own', async () => {
    await clusterOf(bodyOf(PIECE), {});
    await writeFile(join(folder, 'out.part'), 'of another program');
    await expect(load()).rejects.toMatchObject({ code: 'POTLUCK_FILE_EXISTS' });
    await load({ restart: true });
    expect((await out()).equals(cluster.version.body)).toBe(true);
  });
});
