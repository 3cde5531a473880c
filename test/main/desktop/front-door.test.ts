import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startManager } from '../../e2e/nodes.ts';
import { Desktop, PreventableEvent } from '../../support/electron/app.ts';
import { type Origin, startOrigin } from '../../support/origin.ts';
import { eventually, type Potluck, stopAll, tempFolder } from '../../support/program.ts';
import { Desk } from './harness.ts';

let origin: Origin;
let manager: Potluck;
let link: string;

beforeEach(async () => {
  origin = await startOrigin({ files: { '/f': { size: 1000 } } });
  manager = await startManager(origin.url, ['--join-token', 'open-sesame']);
  const health = (await (await fetch(`${manager.data}/_potluck/health`)).json()) as { fingerprint: string };
  link = `potluck://join?url=${encodeURIComponent(manager.data)}&key=${health.fingerprint}&token=open-sesame`;
});

afterEach(async () => {
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

  it('that makes no sense is said, and nothing else happens', async () => {
    await using desk = await Desk.start({ argv: ['potluck://join?url=ftp://x'] });
    expect(desk.state).toMatchObject({ pendingLink: null, problem: { code: 'POTLUCK_BAD_ADDRESS' } });
  });

  it('with another key than the manager has is refused', async () => {
    await using desk = await Desk.start({ argv: [link.replace(/key=[0-9a-f]{8}/, 'key=00000000')] });
    const answer = await desk.ask('answerLink', { accept: true });
    expect(answer).toMatchObject({ ok: false, problem: { code: 'POTLUCK_KEY_CHANGED' } });
    expect(desk.state.app).toBe('idle');
  });

  it('typed into the window joins with a token that the window never has', async () => {
    await using desk = await Desk.start();
    const found = await desk.call('inspect', { address: link });
    expect(JSON.stringify(found)).not.toContain('open-sesame');
    await desk.call('join', { url: found.url, fingerprint: found.fingerprint });
    await desk.until(({ app }) => app === 'sharing');
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
});
