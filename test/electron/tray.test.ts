import { describe, expect, it } from 'vitest';
import { clickOrRead, type MenuModule } from './tray.ts';

interface Item {
  readonly label: string;
  readonly enabled: boolean;
  readonly submenu?: Menu;
  click(): void;
}

/** As Electron's, as far as it is asked. */
class Menu {
  static application: Menu | null = null;
  readonly items: readonly Item[];

  constructor(items: readonly Item[]) {
    this.items = items;
  }

  static getApplicationMenu(): Menu | null {
    return Menu.application;
  }
}

const electron = { Menu } as unknown as MenuModule;

describe('the menu of the tray in a running process', () => {
  it('is found among those that are alive, and clicked', () => {
    let clicked = '';
    const item = (label: string, submenu?: Menu): Item => ({
      label,
      enabled: label !== 'Sharing with cdn',
      click: () => {
        clicked = label;
      },
      ...(submenu === undefined ? {} : { submenu }),
    });
    Menu.application = new Menu([item('Edit', new Menu([item('Paste')]))]);
    const tray = { menu: new Menu([item('An old one')]) };
    tray.menu = new Menu([item('Sharing with cdn'), item('Pause', new Menu([item('For 1 hour')])), item('')]);
    expect(clickOrRead(electron, null)).toEqual(['Sharing with cdn', 'Pause', 'For 1 hour']);
    expect(clickOrRead(electron, 'For 1 hour')).toEqual(['For 1 hour']);
    expect(clicked).toBe('For 1 hour');
    expect(clickOrRead(electron, 'Sharing with cdn')).toBeNull();
    expect(clickOrRead(electron, 'Paste')).toBeNull();
    expect(tray.menu.items).toHaveLength(3);
  });
});
