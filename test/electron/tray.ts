import type { ElectronApplication } from 'playwright-core';
import { platformOf } from '../../src/main/desktop/pieces.ts';
import { systemProbe } from '../../src/main/desktop/probe.ts';
import { hasTrayHost } from '../../src/main/desktop/tray-host.ts';
import type { TrayUnderTest } from '../e2e/desktop/scenarios/app-under-test.ts';
import { eventually } from '../support/help.ts';

/** The part of Electron that is used: menus with what is in them. */
export type MenuModule = Pick<typeof import('electron'), 'Menu'>;

/**
 * Reads the labels of the tray's menu, or clicks the entry that is wanted; null where there is none. Electron has no way from a Tray to its menu,
 * so the inspector is asked for all menus that are alive (those that were replaced are collected first). The tray's is the one that no
 * other contains and that is not the application's. It runs in Electron's main process, so it uses nothing of this file.
 */
export function clickOrRead({ Menu }: MenuModule, wanted: string | null): string[] | null {
  const { Session } = process.getBuiltinModule('node:inspector');
  const kept = globalThis as { potluckMenus?: unknown };
  const session = new Session();
  session.connect();
  const ask = <Result>(method: string, params: object): Result => {
    let answer: unknown;
    session.post(method, params, (error: Error | null, result?: object) => {
      if (error !== null) throw error;
      answer = result;
    });
    return answer as Result;
  };
  let menus: readonly Electron.Menu[];
  try {
    kept.potluckMenus = Menu.prototype;
    const { result } = ask<{ result: { objectId: string } }>('Runtime.evaluate', {
      expression: 'globalThis.potluckMenus',
    });
    const { objects } = ask<{ objects: { objectId: string } }>('Runtime.queryObjects', {
      prototypeObjectId: result.objectId,
    });
    ask('Runtime.callFunctionOn', {
      objectId: objects.objectId,
      functionDeclaration: 'function () { globalThis.potluckMenus = this; }',
    });
    menus = kept.potluckMenus as readonly Electron.Menu[];
  } finally {
    delete kept.potluckMenus;
    session.disconnect();
  }
  const application = Menu.getApplicationMenu();
  const inner = new Set(menus.flatMap(({ items }) => items.map(({ submenu }) => submenu)));
  const outer = menus.filter((menu) => menu !== application && !inner.has(menu));
  const all = (items: readonly Electron.MenuItem[]): Electron.MenuItem[] =>
    items.flatMap((item) => [item, ...all(item.submenu?.items ?? [])]);
  const items = outer.flatMap((menu) => all(menu.items));
  if (wanted === null) return items.map(({ label }) => label).filter((label) => label !== '');
  const item = items.find(({ label, enabled }) => label === wanted && enabled);
  if (item === undefined) return null;
  item.click();
  return [wanted];
}

/** The menu of the tray icon; undefined where the desktop shows none. */
export async function trayOf(application: ElectronApplication): Promise<TrayUnderTest | undefined> {
  if (!(await hasTrayHost(platformOf(process.platform), systemProbe))) return undefined;
  const labels = async () => (await application.evaluate(clickOrRead, null)) ?? [];
  await eventually(async () => (await labels()).length > 0);
  return {
    labels,
    click: async (label) => {
      if ((await application.evaluate(clickOrRead, label)) === null) throw new Error(`"${label}" cannot be clicked`);
    },
  };
}
