import { afterEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/engine/base/clock.ts';
import type { ContentRequest, Resolution } from '../../../src/engine/load/source.ts';
import { eventually } from '../../support/help.ts';
import { type Origin, type OriginFile, startOrigin } from '../../support/origin.ts';
import { plainHit } from './agreeing-source.ts';
import { startContent } from './content.ts';
import { makeLive } from './heads.ts';
import { type Peer, startPeer } from './peers.ts';

const { signal } = new AbortController();
const SECOND = 1000;
const MINUTE = 60 * SECOND;

describe('content at a peer', () => {
  let origin: Origin;
  let manager: Awaited<ReturnType<typeof startContent>>;
  let peer: Peer;
  let clock: ManualClock;
  let managerGone = false;

  async function start(files: Record<string, OriginFile>) {
    clock = new ManualClock();
    managerGone = false;
    origin = await startOrigin({ files });
    manager = await startContent(origin.url);
    peer = await startPeer('peer', manager, new Map(), { clock });
  }

  async function loseManager() {
    managerGone = true;
    peer.view.connected = false;
    await manager.close();
  }

  afterEach(async () => {
    await peer.settled();
    await peer.close();
    if (!managerGone) {
      await eventually(() => manager.store.stats().held === 0);
      await manager.close();
    }
    await origin.close();
  });

  /** Whatever is asked: `hit` names exactly what `resolve` answers with at once, as a plain hit. */
  const ask = async (more: Partial<ContentRequest> = {}): Promise<Resolution> => {
    const request: ContentRequest = {
      method: 'GET',
      group: 'default',
      target: '/file',
      headers: ['Host', '192.0.2.7:8001'],
      revision: undefined,
      not: [],
      client: '127.0.0.1',
      ...more,
    };
    const hit = peer.source.hit(request);
    try {
      const resolution = peer.source.resolve(request, signal);
      expect(hit).toBe(plainHit(resolution));
      return await resolution;
    } catch (error) {
      expect(hit).toBeUndefined();
      throw error;
    }
  };

  const revisionOf = (resolution: Resolution) => (resolution.kind === 'object' ? resolution.live.head.revision : '');
  const asks = () => origin.stats.requests('/file');

  it('asks the manager for a head once, whoever wants it, and serves it while it is fresh', async () => {
    await start({ '/file': { size: 100, cacheControl: 'max-age=60' } });
    const all = await Promise.all(Array.from({ length: 10 }, () => ask()));
    expect(new Set(all.map(({ kind }) => kind))).toEqual(new Set(['object']));
    await loseManager();
    clock.advance(59 * SECOND);
    expect(await ask()).toMatchObject({ kind: 'object', cache: { hit: true } });
  });

  it('has a stale head validated by the manager', async () => {
    await start({ '/file': { size: 100, cacheControl: 'max-age=0' } });
    const before = revisionOf(await ask());
    origin.replace('/file', 'another');
    clock.advance(SECOND);
    expect(revisionOf(await ask())).not.toBe(before);
    expect(asks()).toBe(2);
  });

  it('serves what is stale for ten minutes while the manager is away, and no longer', async () => {
    await start({ '/file': { size: 100, cacheControl: 'max-age=60' } });
    await ask();
    await loseManager();
    clock.advance(MINUTE + 9 * MINUTE);
    expect(await ask()).toMatchObject({ kind: 'object', cache: { hit: false, detail: 'manager-away' } });
    clock.advance(2 * MINUTE);
    await expect(ask()).rejects.toMatchObject({ code: 'POTLUCK_STALE', status: 504 });
  });

  it.each(['must-revalidate', 'proxy-revalidate', 's-maxage=60', 'no-cache'])(
    'serves nothing stale of what says %s, manager or not',
    async (directive) => {
      await start({ '/file': { size: 100, cacheControl: `max-age=60, ${directive}` } });
      await ask();
      await loseManager();
      clock.advance(2 * MINUTE);
      await expect(ask()).rejects.toMatchObject({ code: 'POTLUCK_STALE', status: 504 });
    },
  );

  it('serves nothing stale as long as its session stands', async () => {
    await start({ '/file': { size: 100, cacheControl: 'max-age=60' } });
    await ask();
    await loseManager();
    peer.view.connected = true;
    clock.advance(2 * MINUTE);
    await expect(ask()).rejects.toMatchObject({ code: 'POTLUCK_STALE' });
  });

  it('says that the manager is away where it knows nothing', async () => {
    await start({ '/file': { size: 100 } });
    await loseManager();
    await expect(ask()).rejects.toMatchObject({ code: 'POTLUCK_NO_MANAGER' });
    await expect(ask({ headers: ['Cache-Control', 'only-if-cached'] })).rejects.toMatchObject({ status: 504 });
  });

  it('forgets a head that was purged, although it is fresh', async () => {
    await start({ '/file': { size: 100, cacheControl: 'max-age=60' } });
    const before = revisionOf(await ask());
    await manager.purge({ group: 'default', kind: 'group', value: '', soft: false });
    expect(revisionOf(await ask())).not.toBe(before);
  });

  it('sends back what is not for peers, under the address that the client can use', async () => {
    await start({ '/file': { size: 100, cacheControl: 'private' } });
    const back = await ask({ target: '/file?q=1' });
    const port = new URL(manager.url).port;
    expect(back).toMatchObject({ kind: 'turn-back', location: `http://192.0.2.7:${port}/file?q=1&potluck-not=peer` });
  });

  it('sends back what is for one person, and who resumes without naming a version', async () => {
    await start({ '/file': { size: 100, cacheControl: 'max-age=60' } });
    for (const field of [
      ['Cookie', 'a=b'],
      ['Authorization', 'Basic x'],
      ['Range', 'bytes=5-'],
    ]) {
      expect(await ask({ headers: field })).toMatchObject({ kind: 'turn-back' });
    }
    const live = await ask();
    expect(await ask({ headers: ['Range', 'bytes=5-'], revision: revisionOf(live) })).toMatchObject({ kind: 'object' });
  });

  it('never sends a client in a circle: who is sent back for a disagreement is not sent here again', async () => {
    await start({ '/file': { size: 100, cacheControl: 'max-age=60' } });
    await ask();
    const wrong = await ask({ revision: '0'.repeat(32) });
    expect(wrong).toMatchObject({ kind: 'turn-back', location: expect.stringContaining('potluck-not=peer') });
    clock.advance(2 * MINUTE);
    const noStore = await ask({ headers: ['Cache-Control', 'no-store'] });
    expect(noStore).toMatchObject({ kind: 'turn-back', location: expect.stringContaining('potluck-not=peer') });
    const again = await ask({ revision: '0'.repeat(32), not: ['peer', 'other'] });
    expect(again).toMatchObject({
      kind: 'turn-back',
      location: expect.stringMatching(/^[^?]*\?potluck-not=peer&potluck-not=other$/),
    });
  });

  it('holds on to the higher serial, and does not serve it to who was sent for another revision', async () => {
    await start({ '/file': { size: 100, cacheControl: 'max-age=60' } });
    const current = revisionOf(await ask());
    const newer = makeLive({ serial: Number.MAX_SAFE_INTEGER, etag: '"newer"' }, clock.monotonic());
    peer.heads.put(newer);
    expect(revisionOf(await ask())).toBe(newer.head.revision);
    expect(await ask({ revision: current })).toMatchObject({ kind: 'turn-back' });
  });

  it('takes no new client while it drains', async () => {
    await start({ '/file': { size: 100, cacheControl: 'max-age=60' } });
    await ask();
    peer.source.draining = true;
    expect(await ask()).toMatchObject({ kind: 'turn-back', location: expect.stringContaining('potluck-not=peer') });
  });

  it('sends other methods to the manager, method and body as they are', async () => {
    await start({ '/file': { size: 100 } });
    const response = await peer.source.forward({
      method: 'POST',
      group: 'default',
      target: '/file',
      headers: [],
      body: undefined,
      client: '127.0.0.1',
    });
    expect(response).toMatchObject({ status: 307, headers: expect.arrayContaining([`${manager.url}/file`]) });
  });
});
