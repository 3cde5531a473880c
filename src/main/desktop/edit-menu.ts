import type { ElectronPieces, Platform } from './pieces.ts';
import type { Words } from './words/index.ts';

type Template = Electron.MenuItemConstructorOptions;

/** The menu behind the right button: what can be done with the text there. Electron has none of its own. */
export function editTemplate({ menu }: Words, { editFlags, isEditable, selectionText }: Given): Template[] {
  if (!isEditable) return selectionText === '' ? [] : [{ role: 'copy', label: menu.copy }];
  return [
    { role: 'cut', label: menu.cut, enabled: editFlags.canCut },
    { role: 'copy', label: menu.copy, enabled: editFlags.canCopy },
    { role: 'paste', label: menu.paste, enabled: editFlags.canPaste },
    { type: 'separator' },
    { role: 'selectAll', label: menu.selectAll, enabled: editFlags.canSelectAll },
  ];
}
type Given = Pick<Electron.ContextMenuParams, 'editFlags' | 'isEditable' | 'selectionText'>;

/** What stands at the top of a Mac's screen while the window is in front; without its entries the keys for them do nothing. */
export function macTemplate({ menu, tray }: Words): Template[] {
  return [
    {
      label: 'Potluck',
      submenu: [
        { role: 'about', label: menu.about },
        { type: 'separator' },
        { role: 'hide', label: menu.hide },
        { role: 'hideOthers', label: menu.hideOthers },
        { role: 'unhide', label: menu.showAll },
        { type: 'separator' },
        { role: 'quit', label: tray.quit },
      ],
    },
    {
      label: menu.edit,
      submenu: [
        { role: 'undo', label: menu.undo },
        { role: 'redo', label: menu.redo },
        { type: 'separator' },
        { role: 'cut', label: menu.cut },
        { role: 'copy', label: menu.copy },
        { role: 'paste', label: menu.paste },
        { role: 'selectAll', label: menu.selectAll },
      ],
    },
    {
      label: menu.window,
      role: 'window',
      submenu: [
        { role: 'minimize', label: menu.minimise },
        { role: 'close', label: menu.close },
      ],
    },
  ];
}

/**
 * The application's menu: on a Mac in the language of the window, elsewhere none. Electron's own would have shortcuts for reloading and
 * developer tools.
 */
export class ApplicationMenu {
  readonly #Menu: ElectronPieces['Menu'];
  readonly #platform: Platform;
  #shown: Words | null | undefined;

  constructor(Menu: ElectronPieces['Menu'], platform: Platform) {
    this.#Menu = Menu;
    this.#platform = platform;
  }

  /** Before a window is made, and whenever the language may have changed. */
  update(words: Words): void {
    const wanted = this.#platform === 'darwin' ? words : null;
    if (this.#shown === wanted) return;
    this.#shown = wanted;
    this.#Menu.setApplicationMenu(wanted === null ? null : this.#Menu.buildFromTemplate(macTemplate(wanted)));
  }
}
