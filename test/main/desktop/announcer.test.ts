import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/engine/base/clock.ts';
import type { DesktopState } from '../../../src/engine/protocol/desktop.ts';
import { Announcer } from '../../../src/main/desktop/announcer.ts';
import { Notifications } from '../../../src/main/desktop/notifications.ts';
import { wordsOf } from '../../../src/main/desktop/words/index.ts';
import { LAST, stateOf } from '../../support/desktop-states.ts';
import { ElectronDouble } from '../../support/electron/double.ts';

const REFUSED = { code: 'POTLUCK_JOIN_REFUSED', message: 'the manager refused the join: http://cdn:11000 asks' };

function make(language: 'en' | 'zh' = 'en') {
  const electron = new ElectronDouble({ userData: '/nowhere' });
  electron.app.becomeReady();
  const clock = new ManualClock();
  const { Notification } = electron.pieces;
  let told: string | null = null;
  const around = { watched: false };
  const start = () =>
    new Announcer({
      notifications: new Notifications({ Notification, clock }, { enabled: () => true, open: () => undefined }),
      words: () => wordsOf(language),
      clock,
      watched: () => around.watched,
      told: { load: () => told, keep: (version) => (told = version) },
    });
  const announcer = start();
  return {
    announcer,
    around,
    clock,
    start,
    be: (changes: Partial<DesktopState>) => announcer.observe(stateOf(changes)),
    said: () => electron.notes.splice(0).map(({ body }) => body),
  };
}

describe('what is said while nobody looks', () => {
  it('is what wants somebody: a firewall, an engine that stopped, a join that was refused', () => {
    const { be, said } = make();
    be({ app: 'unreachable' });
    be({ app: 'unreachable' });
    expect(said()).toEqual(['The manager cannot reach this computer. The window shows how to open the firewall.']);
    be({ app: 'failed', problem: { code: 'POTLUCK_PORT_LOST', message: 'the port was lost: 8001' } });
    expect(said()).toEqual(['Nothing is shared any more. The port was lost.']);
    be({ app: 'joining' });
    be({ app: 'idle', problem: REFUSED });
    be({ app: 'idle', problem: REFUSED });
    expect(said()).toEqual(['Nothing is shared. The manager did not let this computer join.']);
  });

  it('is said in the language of the app, without the engine’s own English', () => {
    const { be, said } = make('zh');
    be({ app: 'joining' });
    be({ app: 'idle', problem: REFUSED });
    expect(said().join()).toMatch(/^[^A-Za-z]+$/);
  });

  it('is nothing of what mends itself, nor of what a person did', () => {
    const { be, said } = make();
    for (const app of [
      'joining',
      'sharing',
      'disconnected',
      'joining',
      'sharing',
      'holding',
      'draining',
      'idle',
    ] as const)
      be({ app });
    be({ app: 'joining', problem: { code: 'POTLUCK_INTERNAL', message: 'TypeError: why the last run ended' } });
    be({ app: 'idle', problem: { code: 'POTLUCK_INTERNAL', message: 'TypeError: why the last run ended' } });
    expect(said()).toEqual([]);
  });

  it('is nothing while the window shows it, or opens because of it', () => {
    const { be, said, around, announcer } = make();
    around.watched = true;
    be({ app: 'unreachable' });
    around.watched = false;
    const answered = announcer.asked();
    be({ app: 'joining' });
    be({ app: 'idle', problem: REFUSED });
    answered();
    expect(said()).toEqual([]);
  });

  it('names a changed key once, and not a refused join beside it', () => {
    const { be, said } = make();
    const changedKey = { url: LAST.url, name: 'cdn\n<b>', pinned: 'a', since: '', now: 'b' };
    be({ app: 'joining' });
    be({ app: 'idle', changedKey, problem: { code: 'POTLUCK_KEY_CHANGED', message: 'the manager is not the one' } });
    be({ app: 'idle', changedKey });
    expect(said()).toEqual(['cdn ‹b› has another key than before. It was not joined.']);
  });

  it('tells the end of a warm leave to whoever had to wait for it, unless it was cut short', () => {
    const { announcer, be, said, clock } = make();
    const leave = (cold: boolean, seconds: number) => {
      be({ app: 'draining' });
      const left = announcer.leaving(cold);
      clock.advance(seconds * 1000);
      return () => {
        be({ app: 'idle' });
        left();
      };
    };
    leave(false, 2)();
    leave(true, 60)();
    const warm = leave(false, 60);
    announcer.leaving(true)();
    warm();
    expect(said()).toEqual([]);
    leave(false, 60)();
    expect(said()).toEqual(['All downloads have finished, and Potluck has left.']);
  });

  it('asks about each step of a new version once, over all starts', () => {
    const { be, said, start } = make();
    const update = (phase: 'available' | 'ready' | 'downloading') => ({
      update: { phase, version: '2.0.0', progress: null, notes: null, off: null, problem: null },
    });
    be(update('available'));
    start().observe(stateOf(update('available')));
    be(update('downloading'));
    be(update('ready'));
    start().observe(stateOf(update('ready')));
    expect(said()).toEqual(['Version 2.0.0 is available.', 'Version 2.0.0 is ready to be installed.']);
  });
});
