import { EventEmitter } from 'node:events';
import { existsSync } from 'node:fs';

/** A picture: the file it is from. */
export class NativeImageDouble implements Pick<Electron.NativeImage, 'isEmpty' | 'setTemplateImage'> {
  readonly file: string;
  template = false;

  constructor(file: string) {
    this.file = file;
  }

  isEmpty(): boolean {
    return !existsSync(this.file);
  }

  setTemplateImage(option: boolean): void {
    this.template = option;
  }
}

type Item = Electron.MenuItemConstructorOptions;

/** An entry of a menu that was built. */
export interface MenuItemDouble {
  readonly label: string;
  readonly enabled: boolean;
  readonly submenu: MenuDouble | undefined;
  click(): void;
}

/** A menu: what it was made from, and what came of it. */
export class MenuDouble extends EventEmitter {
  static application: MenuDouble | null | undefined;
  /** The one that came up under the pointer last. */
  static popped: MenuDouble | undefined;
  readonly template: readonly Item[];
  readonly items: readonly MenuItemDouble[];

  /** Throws as Electron where an entry is none. */
  constructor(template: readonly Item[]) {
    super();
    this.template = template;
    this.items = template.map(({ label, role, type, enabled, submenu, click }) => {
      if (label === undefined && role === undefined && type === undefined)
        throw new TypeError('Invalid template for MenuItem: must have at least one of label, role or type');
      return {
        label: label ?? '',
        enabled: enabled !== false,
        submenu: Array.isArray(submenu) ? MenuDouble.buildFromTemplate(submenu) : undefined,
        click: () => (click as (() => void) | undefined)?.(),
      };
    });
  }

  popup(): void {
    MenuDouble.popped = this;
  }

  static getApplicationMenu(): MenuDouble | null {
    return MenuDouble.application ?? null;
  }

  static buildFromTemplate(template: readonly Item[]): MenuDouble {
    return new MenuDouble(template);
  }

  static setApplicationMenu(menu: MenuDouble | null): void {
    MenuDouble.application = menu;
  }

  /** Everything that is written in it, submenus behind their entry. */
  get labels(): string[] {
    return this.#all.map(({ label }) => label).filter((label) => label !== '');
  }

  /** Clicks the entry with this label, wherever it is. */
  click(label: string): void {
    const item = this.#all.find((one) => one.label === label);
    if (item === undefined || item.submenu !== undefined || !item.enabled)
      throw new Error(`"${label}" cannot be clicked`);
    item.click();
  }

  get #all(): MenuItemDouble[] {
    return this.items.flatMap((item) => [item, ...(item.submenu === undefined ? [] : item.submenu.#all)]);
  }
}

/** The tray icon. */
export class TrayDouble
  extends EventEmitter
  implements Pick<Electron.Tray, 'destroy' | 'isDestroyed' | 'setContextMenu' | 'setImage' | 'setToolTip'>
{
  image: NativeImageDouble;
  tooltip = '';
  menu: MenuDouble | null = null;
  /** How often a menu was set. */
  menus = 0;
  destroyed = false;

  constructor(image: NativeImageDouble) {
    super();
    if (image.isEmpty()) throw new Error(`there is no picture ${image.file}`);
    this.image = image;
  }

  setImage(image: unknown): void {
    this.#alive();
    this.image = image as NativeImageDouble;
    if (this.image.isEmpty()) throw new Error(`there is no picture ${this.image.file}`);
  }

  setToolTip(text: string): void {
    this.#alive();
    this.tooltip = text;
  }

  setContextMenu(menu: unknown): void {
    this.#alive();
    this.menu = menu as MenuDouble | null;
    this.menus++;
  }

  isDestroyed(): boolean {
    return this.destroyed;
  }

  destroy(): void {
    this.destroyed = true;
  }

  #alive(): void {
    if (this.destroyed) throw new Error('Tray is destroyed');
  }
}
