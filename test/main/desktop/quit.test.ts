import { EventEmitter } from 'node:events';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Last, Quit } from '../../../src/main/desktop/quit.ts';
import { type AppDouble, PreventableEvent } from '../../support/electron/app.ts';
import { ElectronDouble } from '../../support/electron/double.ts';
import { eventually } from '../../support/program.ts';
import { ManualLog } from './manual-log.ts';

interface Parts {
  /** Downloads are running. */
  readonly busy?: boolean;
  readonly stop?: () => Promise<void>;
}

function make({ busy = false, stop = () => Promise.resolve() }: Parts = {}) {
  const { app, pieces } = new ElectronDouble({ userData: '/nowhere' });
  const process = new EventEmitter();
  const log = new ManualLog();
  const done: string[] = [];
  let drained: () => void = () => undefined;
  const quit = new Quit({
    app: pieces.app,
    process,
    log,
    wantsWarm: () => busy,
    drain: () =>
      new Promise((resolve) => {
        done.push('drain');
        drained = resolve;
      }),
    stop: () => {
      done.push('stop');
      return stop();
    },
    startAgain: (link) => done.push(`again with ${link}`),
  });
  quit.start();
  return { app, process, log, done, quit, drained: () => drained() };
}

const ended = (app: AppDouble) => eventually(() => app.ended !== undefined);

/** Whether the system would be held up now. */
function holdsUp(app: AppDouble): boolean {
  const event = new PreventableEvent();
  app.emit('before-quit', event);
  return event.defaultPrevented;
}

afterEach(() => void vi.useRealTimers());

describe('the way out', () => {
  it('closes everything before it ends, and waits for downloads only where some run', async () => {
    const idle = make();
    idle.app.quit();
    await ended(idle.app);
    expect(idle.done).toEqual(['stop']);
    const busy = make({ busy: true });
    busy.app.quit();
    expect([busy.done, busy.quit.leaving, busy.app.ended]).toEqual([['drain'], true, undefined]);
    busy.drained();
    await ended(busy.app);
    expect(busy.done).toEqual(['drain', 'stop']);
  });

  it('waits no longer when it is asked for again, by whatever', async () => {
    for (const [first, second] of [
      ['menu', 'menu'],
      ['SIGTERM', 'SIGTERM'],
      ['SIGINT', 'SIGTERM'],
      ['menu', 'SIGINT'],
    ]) {
      const { app, process, done } = make({ busy: true });
      const ask = (how = '') => (how === 'menu' ? app.quit() : process.emit(how));
      ask(first);
      if (first === 'SIGINT') ask(first); // one Ctrl-C arrives from the terminal, and from npm
      expect([first, done]).toEqual([first, ['drain']]);
      ask(second);
      await ended(app);
      expect([second, done, app.ended]).toEqual([second, ['drain', 'stop'], 'quit']);
      expect(process.eventNames()).toEqual([]);
    }
  });

  it('ends although something hangs, fails, or throws at the very last', async () => {
    const failing = make({ stop: () => Promise.reject(new Error('no')) });
    failing.app.quit();
    await ended(failing.app);
    expect(failing.log.errors).toHaveLength(1);
    const throwing = make();
    const last: Last = () => {
      throw new Error('the installer is gone');
    };
    throwing.quit.quit(last);
    await ended(throwing.app);
    expect(throwing.log.errors).toHaveLength(1);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const hanging = make({ stop: () => new Promise(() => undefined) });
    hanging.app.quit();
    await vi.advanceTimersByTimeAsync(3000);
    expect([hanging.app.ended, hanging.log.warnings.length]).toEqual(['quit', 1]);
  });

  it('leads back where the app was started meanwhile, once, with the first link', async () => {
    const { app, quit, done, drained } = make({ busy: true });
    app.quit();
    for (const link of [undefined, 'link one', 'link two', undefined]) quit.comeBack(link);
    drained();
    await ended(app);
    expect(done).toEqual(['drain', 'stop', 'again with link one']);
  });

  it('gives a Mac ten seconds to end it for an update, and no more', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { app, quit, done } = make();
    quit.quit(() => {
      done.push('install');
      return 'leaves';
    });
    await vi.advanceTimersByTimeAsync(9900);
    expect([done, app.ended]).toEqual([['stop', 'install'], undefined]);
    expect(holdsUp(app)).toBe(false);
    await vi.advanceTimersByTimeAsync(200);
    expect(app.ended).toBe('quit');
  });

  it('leads into an update and not back, for that starts the app by itself', async () => {
    const { app, quit, done } = make();
    quit.quit(() => void done.push('install'));
    quit.comeBack(undefined);
    await ended(app);
    expect(done).toEqual(['stop', 'install']);
  });
});

describe('the end of the session', () => {
  it('is held up by nothing, also in the middle of a warm quit', async () => {
    const { app, quit, done, drained } = make({ busy: true });
    app.quit();
    quit.release();
    expect(holdsUp(app)).toBe(false);
    drained();
    await eventually(() => done.includes('stop'));
    expect(holdsUp(app)).toBe(false);
    await ended(app);
  });

  it('that is called off leaves everything as it was', async () => {
    const { app, quit, done } = make({ busy: true });
    quit.release();
    expect([holdsUp(app), quit.leaving, quit.quitting]).toEqual([false, true, false]);
    quit.release(false);
    expect(quit.leaving).toBe(false);
    expect(holdsUp(app)).toBe(true);
    expect(done).toEqual(['drain']);
  });
});
