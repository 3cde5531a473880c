import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunningPeer } from '../../../src/engine/base/running-peer.ts';
import { Advertiser } from '../../../src/engine/discovery/advertiser.ts';
import { startPeer } from '../../../src/engine/index.ts';
import { managerOn, startManager } from '../../e2e/nodes.ts';
import { ownMulticast } from '../../engine/discovery/managers.ts';
import { type Origin, startOrigin } from '../../support/origin.ts';
import { eventually, freePort, type Potluck, sha256OfUrl, stopAll, tempFolder } from '../../support/program.ts';
import { Desk } from './harness.ts';
import { ManualLog } from './manual-log.ts';

let origin: Origin;
let manager: Potluck;

beforeEach(async () => {
  origin = await startOrigin({ files: { '/f': { size: 1000 } } });
  manager = await startManager(origin.url);
});

afterEach(async () => {
  await stopAll();
  await origin.close();
});

function occupy(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject).listen(port, () => resolve(server));
  });
}

describe('a manager that goes away', () => {
  it('is looked for, and joined again when it is back', async () => {
    using state = tempFolder('potluck-manager-');
    const port = await freePort();
    const first = await managerOn(port, origin.url, state.path);
    await using desk = await Desk.start();
    await desk.share(first.data);
    await first.stop(0);
    await desk.until(({ app, problem }) => app === 'disconnected' && problem !== null);
    await managerOn(port, origin.url, state.path);
    await desk.until(({ app, problem }) => app === 'sharing' && problem === null);
  });

  it('is waited for at the start of the app, and found by its key where it is by then', async () => {
    using folder = tempFolder('potluck-desk-data-');
    using state = tempFolder('potluck-manager-');
    const multicast = ownMulticast();
    const first = await managerOn(await freePort(), origin.url, state.path);
    let name = '';
    {
      await using desk = await Desk.start({ folder: folder.path });
      await desk.call('join', { url: first.data });
      name = desk.state.last?.name ?? '';
    }
    await first.stop(0);
    await using desk = await Desk.start({ folder: folder.path, argv: ['--hidden'], multicast });
    await desk.until(({ app }) => app === 'joining' || app === 'disconnected');
    const port = await freePort();
    const moved = await managerOn(port, origin.url, state.path);
    const fingerprint = desk.state.last?.fingerprint ?? '';
    const announced = { name, fingerprint, port, tls: false, tokenRequired: false };
    const advertiser = new Advertiser({ log: new ManualLog() }, announced, multicast);
    await advertiser.start();
    await desk.until(({ app }) => app === 'sharing');
    expect(desk.state.last).toEqual({ url: moved.data, name, fingerprint });
    expect(desk.electron.windows).toEqual([]);
    await advertiser.close();
  });
});

describe('a port that is taken', () => {
  it('is left to who has it; the next free one is used from then on', async () => {
    const port = await freePort();
    const server = await occupy(port);
    await using desk = await Desk.start();
    await desk.call('change', { port });
    await desk.share(manager.data);
    expect(desk.state.peer?.port).toBeGreaterThan(port);
    expect(desk.state.settings.port).toBe(desk.state.peer?.port);
    server.close();
    await desk.call('restartEngine', null);
    await desk.until(({ app }) => app === 'sharing');
    expect(desk.state.settings.port).toBeGreaterThan(port);
  });

  it('changes at once when the person names another', async () => {
    await using desk = await Desk.start();
    await desk.call('change', { port: await freePort() });
    await desk.share(manager.data);
    const port = await freePort();
    await desk.call('change', { port });
    await desk.until(({ app, peer }) => app === 'sharing' && peer?.port === port);
  });
});

describe('the folder of the cache', () => {
  const cached = (folder: string) => readdirSync(folder).filter((name) => name.endsWith('.seg'));

  it('is one of its own in the folder that the person chose, from then on, and leaves nothing where it was', async () => {
    using place = tempFolder('potluck-cache-');
    await using desk = await Desk.start();
    await desk.call('change', { disk: 64 * 2 ** 20 });
    await desk.share(manager.data);
    await sha256OfUrl(`${manager.data}/f`);
    const usual = join(desk.folder, 'engine/cache/peer');
    await eventually(() => cached(usual).length > 0);
    desk.electron.dialog.folder = place.path;
    const chosen = await desk.call('chooseFolder', null);
    expect(desk.electron.dialog.over).toBe(desk.electron.window);
    expect(chosen).toBe(place.path);
    await desk.call('change', { cacheFolder: place.path });
    await desk.until(({ app }) => app === 'sharing');
    expect([readdirSync(place.path), existsSync(usual)]).toEqual([['potluck-cache'], false]);
    await sha256OfUrl(`${manager.data}/f`);
    const own = join(place.path, 'potluck-cache');
    await eventually(() => cached(own).length > 0);
    await desk.call('leave', { cold: true });
    await desk.until(({ app }) => app === 'idle');
    writeFileSync(join(own, 'letter.txt'), 'somebody keeps it here');
    await desk.call('change', { cacheFolder: '' });
    expect(readdirSync(own)).toEqual(['letter.txt']);
  });

  it('is refused where it cannot be used, and everything goes on as before', async () => {
    using place = tempFolder('potluck-cache-');
    await using desk = await Desk.start();
    await desk.share(manager.data);
    writeFileSync(join(place.path, 'file'), '');
    const { port } = desk.state.peer ?? {};
    const refusals = { here: 'POTLUCK_USAGE', ...unusable(place.path) };
    for (const [cacheFolder, code] of Object.entries(refusals)) {
      const refused = await desk.ask('change', { cacheFolder, uploadCap: 1_000_000 });
      expect(refused).toMatchObject({ ok: false, problem: { code } });
      expect(desk.state).toMatchObject({ app: 'sharing', settings: { cacheFolder: '', uploadCap: 20 * 2 ** 20 } });
    }
    const other = join(place.path, 'other');
    mkdirSync(other);
    await using neighbour = await Desk.start();
    await neighbour.call('change', { cacheFolder: other, port: await freePort() });
    await neighbour.share(manager.data);
    const inUse = await desk.ask('change', { cacheFolder: other });
    expect(inUse).toMatchObject({ ok: false, problem: { code: 'POTLUCK_STATE_IN_USE' } });
    await desk.until(({ app, problem }) => app === 'sharing' && problem === null);
    expect(desk.state).toMatchObject({ settings: { cacheFolder: '' }, peer: { port } });
  });

  it('is missed when it is gone, and not made anew in its place; another one is taken at once', async () => {
    using place = tempFolder('potluck-cache-');
    using data = tempFolder('potluck-desk-data-');
    const disk = join(place.path, 'disk');
    mkdirSync(disk);
    {
      await using desk = await Desk.start({ folder: data.path });
      await desk.share(manager.data);
      await desk.call('change', { cacheFolder: disk });
      await desk.until(({ app }) => app === 'sharing');
    }
    rmSync(disk, { recursive: true });
    await using desk = await Desk.start({ folder: data.path });
    const { problem } = await desk.until(({ app }) => app === 'failed');
    expect(problem).toMatchObject({ code: 'POTLUCK_STATE_UNWRITABLE', message: expect.stringContaining(disk) });
    expect(existsSync(disk)).toBe(false);
    await desk.call('change', { cacheFolder: '' });
    await desk.until(({ app, problem: left }) => app === 'sharing' && left === null);
  });

  it('is given back when no disk is granted any more, joined or not, and taken again while it runs', async () => {
    await using desk = await Desk.start();
    const granted = async (disk: number) => {
      await desk.call('change', { disk });
      await desk.until(({ app, peer }) => app === 'sharing' && peer?.disk.grant === disk);
    };
    await desk.call('change', { disk: 0 });
    await desk.share(manager.data);
    await granted(64 * 2 ** 20); // begun without a disk tier
    await granted(0);
    await granted(128 * 2 ** 20);
    const refused = await desk.ask('change', { disk: 1000 });
    expect(refused).toMatchObject({ ok: false, problem: { code: 'POTLUCK_USAGE' } });
    expect(desk.state.settings.disk).toBe(128 * 2 ** 20);
    await sha256OfUrl(`${manager.data}/f`);
    const folder = join(desk.folder, 'engine/cache/peer');
    await eventually(() => cached(folder).length > 0);
    await desk.call('leave', { cold: true });
    await desk.until(({ app }) => app === 'idle');
    await desk.call('clearCache', null);
    expect(existsSync(folder)).toBe(false);
    mkdirSync(folder, { recursive: true });
    await desk.call('change', { disk: 0 });
    expect(existsSync(folder)).toBe(false);
  });
});

/** What a folder cannot be, and what is said of it. Root may write everywhere. */
function unusable(place: string): Record<string, string> {
  const shut = join(place, 'shut');
  mkdirSync(shut, { mode: 0o500 });
  const codes = {
    [join(place, 'gone')]: 'POTLUCK_STATE_UNWRITABLE',
    [join(place, 'file')]: 'POTLUCK_STATE_UNWRITABLE',
  };
  return process.getuid?.() === 0 ? codes : { ...codes, [shut]: 'POTLUCK_STATE_UNWRITABLE' };
}

describe('an engine that fails', () => {
  it('is closed, shown, and started again without the app', async () => {
    let fail: (error: Error) => void = () => undefined;
    let broken = false;
    await using desk = await Desk.start({
      startPeer: async (...args) => {
        const peer = await startPeer(...args);
        if (broken) return peer;
        broken = true;
        const failure = new Promise<Error>((resolve) => {
          fail = resolve;
        });
        return withDone(
          peer,
          failure.then(async (error) => {
            await peer.close();
            throw error;
          }),
        );
      },
    });
    await desk.share(manager.data);
    fail(Object.assign(new Error('the disk is gone'), { code: 'EIO' }));
    const { problem } = await desk.until(({ app }) => app === 'failed');
    expect(problem).toMatchObject({ code: 'POTLUCK_INTERNAL', message: expect.stringContaining('the disk is gone') });
    await eventually(() => desk.electron.tray.menu?.labels.includes('Start again') === true);
    await desk.click('Start again');
    await desk.until(({ app, problem: left }) => app === 'sharing' && left === null);
  });

  it('is none where the administrator had it leave: that is said, and not undone by the next start', async () => {
    let end: () => void = () => undefined;
    await using desk = await Desk.start({
      startPeer: async (...args) => {
        const peer = await startPeer(...args);
        const asked = new Promise<void>((resolve) => {
          end = resolve;
        });
        return withDone(
          peer,
          asked.then(() => peer.close()),
        );
      },
    });
    await desk.share(manager.data);
    desk.electron.window.close();
    const { name } = desk.state.peer?.manager ?? { name: '' };
    end();
    await desk.until(({ app, problem }) => app === 'idle' && problem?.code === 'POTLUCK_NOT_A_MEMBER');
    expect(desk.electron.notes.at(-1)?.body).toBe(`The administrator of ${name} has ended sharing on this computer.`);
    expect(keptMemory(desk.folder)).toMatchObject({ joined: false });
  });

  it('says that its folder cannot be written', async () => {
    await using desk = await Desk.start();
    writeFileSync(join(desk.folder, 'engine'), 'a file where a folder should be');
    expect(await desk.ask('join', { url: manager.data, fingerprint: '0'.repeat(64) })).toMatchObject({
      ok: false,
      problem: { code: 'POTLUCK_STATE_UNWRITABLE' },
    });
    expect(desk.state.app).toBe('failed');
  });
});

function keptMemory(folder: string): unknown {
  return (JSON.parse(readFileSync(join(folder, 'settings.json'), 'utf8')) as { memory: unknown }).memory;
}

/** The same peer with another end: a failure cannot be had on demand from a healthy one. */
function withDone(peer: RunningPeer, done: Promise<void>): RunningPeer {
  done.catch(() => undefined);
  return new Proxy(peer, {
    get: (target, name) => {
      if (name === 'done') return done;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

describe('an error that nobody caught', () => {
  it('ends the app with a goodbye, and starts it once more with the reason', async () => {
    await using desk = await Desk.start();
    await desk.share(manager.data);
    desk.process.emit('uncaughtException', new TypeError('x is not a function'));
    expect(desk.electron.app.ended).toBe(1);
    expect(desk.electron.app.relaunched).toEqual({ args: ['--hidden'] });
    expect(desk.state.app).toBe('disconnected');
    await desk.stop();

    await using again = await Desk.start({ folder: desk.folder });
    expect(again.state.problem).toMatchObject({ message: 'TypeError: x is not a function' });
    again.process.emit('unhandledRejection', new Error('and again'));
    expect(again.electron.app).toMatchObject({ ended: 1, relaunched: undefined });
    await again.stop();

    await using third = await Desk.start({ folder: desk.folder });
    expect(third.state.problem?.message).toBe('Error: and again');
  });
});

describe('what the person has set', () => {
  it('is there after a restart, with what was counted', async () => {
    using folder = tempFolder('potluck-desk-data-');
    {
      await using desk = await Desk.start({ folder: folder.path });
      await desk.call('change', { uploadCap: 7_000_000, language: 'zh', theme: 'dark', notifications: false });
      desk.electron.window.place({ x: 300, y: 200, width: 500, height: 700 });
      desk.electron.window.close();
    }
    await using desk = await Desk.start({ folder: folder.path });
    expect(desk.state.settings).toMatchObject({ uploadCap: 7_000_000, language: 'zh', notifications: false });
    expect(desk.state.resolved).toEqual({ language: 'zh', dark: true });
    expect(desk.electron.window.getBounds()).toEqual({ x: 300, y: 200, width: 500, height: 700 });
    expect(desk.electron.tray.menu?.labels).toContain('打开 Potluck');
  });

  it('loses one odd value alone when somebody edits the file', async () => {
    using folder = tempFolder('potluck-desk-data-');
    {
      await using desk = await Desk.start({ folder: folder.path });
      await desk.call('change', { uploadCap: 7_000_000, port: 9001 });
    }
    const file = join(folder.path, 'settings.json');
    const kept = JSON.parse(readFileSync(file, 'utf8')) as { settings: Record<string, unknown> };
    kept.settings['uploadCap'] = 'fast';
    writeFileSync(file, JSON.stringify(kept));
    chmodSync(file, 0o600);
    await using desk = await Desk.start({ folder: folder.path });
    expect(desk.state.settings).toMatchObject({ port: 9001, uploadCap: 20 * 2 ** 20 });
  });
});
