import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FrontDoor } from '../../../src/main/desktop/front-door.ts';
import { startManager } from '../../e2e/nodes.ts';
import { Desktop, PreventableEvent } from '../../support/electron/app.ts';
import { ElectronDouble } from '../../support/electron/double.ts';
import { MemoryHost, type PageRequest } from '../../support/electron/page.ts';
import { type Origin, startOrigin } from '../../support/origin.ts';
import { eventually, type Potluck, stopAll, tempFolder } from '../../support/program.ts';
import { SlowReader } from '../../support/slow-reader.ts';
import { Desk } from './harness.ts';

let origin: Origin;
let manager: Potluck;
let link: string;

beforeAll(async () => {
  origin = await startOrigin({ files: { '/f': { size: 1000 }, '/large': { size: 24 * 2 ** 20 } } });
  manager = await startManager(origin.url, ['--join-token', 'open-sesame']);
  const health = (await (await fetch(`${manager.data}/_potluck/health`)).json()) as { fingerprint: string };
  link = `potluck://join?url=${encodeURIComponent(manager.data)}&key=${health.fingerprint}&token=open-sesame`;
});

afterAll(async () => {
  await stopAll();
  await origin.close();
});

describe('a join link', () => {
  it('waits for the person, and joins with its token when they say yes', async () => {
    await using desk = await Desk.start({ argv: [link] });
    expect(desk.state).toMatchObject({ app: 'idle', pendingLink: { url: manager.data, hasToken: true } });
    expect(JSON.stringify(desk.state)).not.toContain('open-sesame');
    // Another one does not slip under the hand that is about to say yes.
    desk.electron.app.emit('open-url', new PreventableEvent(), link.replace('127.0.0.1', '127.0.0.2'));
    expect(desk.state.pendingLink).toMatchObject({ url: manager.data });
    await desk.call('answerLink', { accept: true });
    const { peer } = await desk.until(({ app, pendingLink }) => app === 'sharing' && pendingLink === null);
    // One to the manager that is joined already interrupts nothing.
    desk.electron.app.emit('open-url', new PreventableEvent(), link);
    await desk.call('answerLink', { accept: true });
    expect(desk.state).toMatchObject({ app: 'sharing', pendingLink: null, peer: { port: peer?.port } });
  });

  it('that starts the app brings a window once, which is shown when it is drawn', async () => {
    const drawn = Promise.withResolvers<void>();
    const memory = new MemoryHost();
    const host = { open: (request: PageRequest) => drawn.promise.then(() => memory.open(request)) };
    await using desk = await Desk.start({ argv: [link], host });
    expect([desk.electron.windows.length, desk.electron.window.visible]).toEqual([1, false]);
    drawn.resolve();
    await eventually(() => desk.electron.window.visible);
  });

  it('is forgotten when they say no', async () => {
    await using desk = await Desk.start({ argv: [link] });
    await desk.call('answerLink', { accept: false });
    expect(desk.state).toMatchObject({ app: 'idle', pendingLink: null });
    await desk.call('answerLink', { accept: true });
    expect(desk.state.app).toBe('idle');
  });

  it('comes as an event on a Mac, also before the app is up', async () => {
    await using desk = new Desk({ platform: 'darwin', argv: ['--hidden'] });
    const running = desk.run();
    await eventually(() => desk.electron.app.listenerCount('open-url') === 1);
    const event = new PreventableEvent();
    desk.electron.app.emit('open-url', event, link);
    expect(event.defaultPrevented).toBe(true);
    await running;
    expect(desk.state.pendingLink).toMatchObject({ url: manager.data });
    expect(desk.electron.window.destroyed).toBe(false);
  });

  it('that makes no sense is said until that was read, and nothing else happens', async () => {
    await using desk = await Desk.start({ argv: ['potluck://join?url=ftp://x'] });
    expect(desk.state).toMatchObject({ pendingLink: null, problem: { code: 'POTLUCK_BAD_ADDRESS' } });
    await desk.call('dismiss', null);
    expect(desk.state.problem).toBeNull();
  });

  it('with another key than the manager has is refused', async () => {
    await using desk = await Desk.start({ argv: [link.replace(/key=[0-9a-f]{8}/, 'key=00000000')] });
    const answer = await desk.ask('answerLink', { accept: true });
    expect(answer).toMatchObject({ ok: false, problem: { code: 'POTLUCK_KEY_CHANGED' } });
    expect(desk.state.app).toBe('idle');
  });

  it('typed into the window is looked at without its token, which the join takes along', async () => {
    await using desk = await Desk.start();
    const found = await desk.call('inspect', { address: link });
    expect(JSON.stringify(found)).not.toContain('open-sesame');
    await desk.call('join', { url: found.url, fingerprint: found.fingerprint, token: 'open-sesame' });
    await desk.until(({ app }) => app === 'sharing');
  });

  it('that somebody made to hurt is refused in one line, whatever it carries', async () => {
    await using desk = await Desk.start();
    const hostile = [
      `${link}&token=again`,
      `${link}#--gpu-launcher=calc`,
      `${link}" --inspect=0.0.0.0:1 "`,
      `potluck://join?url=${encodeURIComponent('http://a@b:1')}&key=${'0'.repeat(64)}`,
      `potluck://join?url=http://x\u0000&key=${'0'.repeat(64)}`,
      `potluck://join?\u202e\u0007${'x'.repeat(100)}=1`,
      `potluck://join?url=${'x'.repeat(100_000)}`,
      'potluck:../../etc/passwd',
    ];
    for (const text of hostile) {
      desk.electron.app.emit('second-instance', new PreventableEvent(), ['potluck', '--', text, '--no-sandbox'], '/');
      const { pendingLink, problem } = desk.state;
      expect({ text, pendingLink, code: problem?.code }).toEqual({
        text,
        pendingLink: null,
        code: 'POTLUCK_BAD_ADDRESS',
      });
      expect(problem?.message).toMatch(/^[\x20-\x7e]{1,300}$/);
    }
    writeFileSync(join(desk.folder, 'engine'), 'a file where a folder should be');
    await desk.ask('join', { url: manager.data, fingerprint: '0'.repeat(64) });
    await desk.until(({ app }) => app === 'failed');
    desk.electron.app.emit('second-instance', new PreventableEvent(), ['potluck', 'potluck://x'], '/');
    expect(desk.state.problem?.code).toBe('POTLUCK_STATE_UNWRITABLE');
  });
});

describe('a second start', () => {
  it('shows the window of the first, hands its link over, and ends', async () => {
    using folder = tempFolder('potluck-desk-data-');
    const desktop = new Desktop();
    await using first = await Desk.start({ folder: folder.path, desktop, argv: ['--hidden'] });
    expect(first.electron.windows).toHaveLength(0);
    await using second = new Desk({ folder: folder.path, desktop, argv: [link] });
    expect(await second.run()).toBe(false);
    expect(second.electron.app.ended).toBe('quit');
    await eventually(() => first.electron.windows.length === 1);
    expect(first.state.pendingLink).toMatchObject({ url: manager.data });
    first.electron.window.minimize();
    await using third = new Desk({ folder: folder.path, desktop });
    await third.run();
    await eventually(() => !first.electron.window.minimised && first.electron.window.focused);
  });

  it('while it quits brings it back with its link, when the downloads have finished', async () => {
    using folder = tempFolder('potluck-desk-data-');
    const desktop = new Desktop();
    await using first = await Desk.start({ folder: folder.path, desktop });
    await first.call('join', { url: manager.data, token: 'open-sesame' });
    await first.until(({ app }) => app === 'sharing');
    const reader = new SlowReader(`${manager.data}/large`);
    await first.until(({ peer }) => peer?.running === 1);
    first.electron.window.close();
    first.electron.app.quit();
    await first.until(({ app }) => app === 'draining');
    await using second = new Desk({ folder: folder.path, desktop, argv: [link] });
    expect(await second.run()).toBe(false);
    await eventually(() => first.electron.windows.some(({ destroyed }) => !destroyed)); // how far it is
    expect(first.state.pendingLink).toBeNull();
    expect(first.electron.app.relaunched).toBeUndefined();
    reader.goOn();
    await eventually(() => first.electron.app.ended === 'quit');
    expect(first.electron.app.relaunched).toEqual({ args: [link] });
    const log = readFileSync(join(folder.path, 'logs/potluck.log'), 'utf8');
    expect(log).toContain('joined the manager');
    expect(log).not.toContain('open-sesame');
  });
});

describe('a folder that cannot be written', () => {
  it('is said: Electron speaks of it as of an app that runs already', async () => {
    using folder = tempFolder('potluck-desk-data-');
    const gone = join(folder.path, 'gone');
    const desktop = new Desktop();
    desktop.holders.set(gone, new ElectronDouble({ userData: gone }).app);
    await expect(new Desk({ folder: gone, desktop }).run()).rejects.toMatchObject({ code: 'POTLUCK_STATE_UNWRITABLE' });
  });
});

describe('the front door', () => {
  /** Who was asked for what. */
  function doorOf(desktop: Desktop, argv: readonly string[] = []) {
    const { app, pieces } = new ElectronDouble({ userData: '/nowhere', desktop, argv });
    const asked: (string | undefined)[] = [];
    const door = new FrontDoor(pieces.app, { argv });
    return {
      app,
      door,
      asked,
      attend: () => door.attend({ show: () => asked.push('show'), again: (one) => asked.push(one) }),
    };
  }

  it('has one of two that are started at the very same moment', async () => {
    const desktop = new Desktop();
    const both = [doorOf(desktop), doorOf(desktop, ['potluck://join?one'])];
    expect(both.map(({ door }) => door.open())).toEqual([true, false]);
    await new Promise(setImmediate);
    both[0]?.attend(); // it was not up yet
    expect(both[0]?.asked).toEqual(['potluck://join?one']);
  });

  it('shows a window that nobody would have seen, where it was wanted before the app was up', async () => {
    const desktop = new Desktop();
    const hidden = doorOf(desktop, ['--hidden']);
    hidden.door.open();
    expect(doorOf(desktop).door.open()).toBe(false);
    await new Promise(setImmediate);
    hidden.attend();
    expect(hidden.asked).toEqual([undefined]);
    hidden.app.emit('activate');
    expect(hidden.asked).toEqual([undefined, 'show']);
    const alone = doorOf(new Desktop());
    alone.door.open();
    alone.attend();
    expect(alone.asked).toEqual([]);
  });

  it('keeps the first of several links, and leaves nothing behind', async () => {
    const desktop = new Desktop();
    const first = doorOf(desktop, ['potluck://join?one']);
    first.door.open();
    first.app.emit('open-url', new PreventableEvent(), 'potluck://join?two');
    first.attend();
    expect(first.asked).toEqual(['potluck://join?one']);
    first.door.close();
    expect(first.app.eventNames()).toEqual([]);
    expect(doorOf(desktop).door.open()).toBe(true);
  });
});
