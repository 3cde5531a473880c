import { describe, expect, it } from 'vitest';
import { Desk } from './harness.ts';

describe('a Mac', () => {
  it('that starts the app at login gives it neither a window nor a place in the Dock until it is wanted', async () => {
    await using desk = await Desk.start({
      platform: 'darwin',
      prepare: ({ app }) => {
        app.openedAtLogin = true;
      },
    });
    const { app, windows, systemPreferences } = desk.electron;
    expect([windows.length, app.policy, app.stolen]).toEqual([0, 'accessory', 0]);
    expect(systemPreferences.defaults.get('NSAppSleepDisabled')).toBe(true);
    app.emit('activate');
    expect([windows.length, app.policy, app.stolen]).toEqual([1, 'regular', 1]);
    desk.electron.window.close();
    expect(app.policy).toBe('accessory');
  });

  it('has the window in front when a person has started it', async () => {
    await using desk = await Desk.start({ platform: 'darwin' });
    expect([desk.electron.windows.length, desk.electron.app.policy]).toEqual([1, 'regular']);
  });
});
