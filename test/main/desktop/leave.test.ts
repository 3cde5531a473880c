import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nodes, startManager } from '../../e2e/nodes.ts';
import { type Origin, startOrigin } from '../../support/origin.ts';
import { eventually, type Potluck, stopAll } from '../../support/program.ts';
import { SlowReader } from '../../support/slow-reader.ts';
import { Desk, type DeskOptions } from './harness.ts';

const MIB = 2 ** 20;
const SIZE = 24 * MIB;

let origin: Origin;
let manager: Potluck;

beforeAll(async () => {
  origin = await startOrigin({ files: { '/f': { size: SIZE } } });
  manager = await startManager(origin.url);
});

afterAll(async () => {
  await stopAll();
  await origin.close();
});

async function sharing(options: DeskOptions = {}): Promise<Desk> {
  return (await Desk.start(options)).share(manager.data);
}

async function downloading(desk: Desk): Promise<SlowReader> {
  const reader = new SlowReader(`${manager.data}/f`);
  await desk.until(({ peer }) => peer?.running === 1);
  await eventually(() => reader.bytes > 0);
  return reader;
}

/** What was sent before a download was cut is read at once; whether that was all of it. */
async function ended(reader: SlowReader): Promise<boolean> {
  reader.goOn();
  return await reader.done;
}

/** Takes connections, and never answers. */
async function silentServer(): Promise<{ url: string } & AsyncDisposable> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined)); // whoever asked has gone
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await once(server.close(), 'close');
    },
  };
}

describe('leaving', () => {
  it('waits for the download that runs, says what remains, and is gone then', async () => {
    await using desk = await sharing();
    const reader = await downloading(desk);
    await eventually(() => desk.electron.tray.menu?.labels.includes('Leave when downloads finish') === true);
    await desk.click('Leave when downloads finish');
    await desk.until(({ app, peer }) => app === 'draining' && peer?.running === 1);
    expect(desk.state.peer?.remaining?.bytes).toBeGreaterThan(0);
    await eventually(() => desk.electron.tray.tooltip.includes('Leaving when 1 download finishes'));
    expect(await ended(reader)).toBe(true);
    expect(reader.bytes).toBe(SIZE);
    await desk.until(({ app, peer }) => app === 'idle' && peer === null);
    expect(desk.state.allTime.served).toBe(SIZE);
    expect(await nodes(manager)).not.toContainEqual(expect.objectContaining({ status: 'active' }));
  });

  it('is over at once when the person does not want to wait', async () => {
    await using desk = await sharing();
    const reader = await downloading(desk);
    await desk.call('leave', { cold: false });
    await desk.until(({ app }) => app === 'draining');
    await desk.call('leave', { cold: true });
    await desk.until(({ app }) => app === 'idle');
    expect(await ended(reader)).toBe(false);
  });

  it('is remembered: the next start joins nobody', async () => {
    await using desk = await sharing();
    await desk.call('leave', { cold: true });
    await desk.until(({ app }) => app === 'idle');
    await desk.stop();
    await using again = await Desk.start({ folder: desk.folder });
    expect(again.state).toMatchObject({ app: 'idle', last: { url: manager.data } });
  });
});

describe('quitting', () => {
  it('waits for downloads, and not when it is asked for twice', async () => {
    await using desk = await sharing();
    const reader = await downloading(desk);
    await desk.click('Quit');
    await desk.until(({ app }) => app === 'draining');
    expect(desk.electron.app.ended).toBeUndefined();
    desk.electron.app.quit();
    await eventually(() => desk.electron.app.ended === 'quit');
    expect(await ended(reader)).toBe(false);
  });

  it('lets the download finish first', async () => {
    await using desk = await sharing();
    const reader = await downloading(desk);
    await desk.call('quit', null);
    await desk.until(({ app }) => app === 'draining');
    expect(await ended(reader)).toBe(true);
    await eventually(() => desk.electron.app.ended === 'quit');
    expect(() => desk.electron.window).toThrow('no window');
    expect(() => desk.electron.tray).toThrow('no tray icon');
  });

  it('has a deadline', async () => {
    await using desk = await sharing({ quitDeadline: 300 });
    const reader = await downloading(desk);
    await desk.click('Quit');
    await eventually(() => desk.electron.app.ended === 'quit');
    expect(await ended(reader)).toBe(false);
  });

  it('does not wait where the person does not want it to', async () => {
    await using desk = await sharing();
    await desk.call('change', { quitWarm: false });
    const reader = await downloading(desk);
    await desk.click('Quit');
    await eventually(() => desk.electron.app.ended === 'quit');
    expect(await ended(reader)).toBe(false);
  });

  it('waits for nothing while it joins a manager that says nothing, or leaves already', async () => {
    await using silent = await silentServer();
    await using joining = await Desk.start();
    const answer = joining.ask('join', { url: silent.url });
    await joining.until(({ app }) => app === 'joining');
    joining.electron.app.quit();
    await eventually(() => joining.electron.app.ended === 'quit', 2500);
    await answer;

    await using leaving = await sharing();
    const reader = await downloading(leaving);
    await leaving.call('leave', { cold: true });
    leaving.electron.app.quit();
    await eventually(() => leaving.electron.app.ended === 'quit');
    expect(await ended(reader)).toBe(false);
  });

  it('goes on with the same manager at the next start', async () => {
    await using desk = await sharing();
    desk.electron.app.quit();
    await eventually(() => desk.electron.app.ended === 'quit');
    await using again = await Desk.start({ folder: desk.folder, argv: ['--hidden'] });
    await again.until(({ app }) => app === 'sharing');
  });
});
