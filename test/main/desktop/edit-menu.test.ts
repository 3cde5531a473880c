import { describe, expect, it } from 'vitest';
import { ApplicationMenu, editTemplate, macTemplate } from '../../../src/main/desktop/edit-menu.ts';
import { wordsOf } from '../../../src/main/desktop/words/index.ts';
import { ElectronDouble } from '../../support/electron/double.ts';
import { MenuDouble } from '../../support/electron/tray.ts';

const flags = { canCut: false, canCopy: true, canPaste: true, canSelectAll: true } as Electron.EditFlags;

describe('the menu behind the right button', () => {
  it('pastes into a field, copies what is selected, and is not there for anything else', () => {
    const words = wordsOf('en');
    const field = editTemplate(words, { editFlags: flags, isEditable: true, selectionText: '' });
    expect(field.map(({ role, label, enabled }) => [role, label, enabled])).toEqual([
      ['cut', 'Cut', false],
      ['copy', 'Copy', true],
      ['paste', 'Paste', true],
      [undefined, undefined, undefined],
      ['selectAll', 'Select All', true],
    ]);
    expect(editTemplate(words, { editFlags: flags, isEditable: false, selectionText: 'a key' })).toEqual([
      { role: 'copy', label: 'Copy' },
    ]);
    expect(editTemplate(words, { editFlags: flags, isEditable: false, selectionText: '' })).toEqual([]);
  });
});

describe('the menu of the application', () => {
  it('is there on a Mac alone, in the language of the window, and built anew only for another', () => {
    const { Menu } = new ElectronDouble({ userData: '/nowhere' }).pieces;
    const mac = new ApplicationMenu(Menu, 'darwin');
    mac.update(wordsOf('en'));
    const english = MenuDouble.application;
    expect(english?.labels).toEqual(expect.arrayContaining(['Quit', 'Paste', 'Minimise']));
    mac.update(wordsOf('en'));
    expect(MenuDouble.application).toBe(english);
    mac.update(wordsOf('zh'));
    expect(MenuDouble.application?.labels).toContain('粘贴');
    new ApplicationMenu(Menu, 'win32').update(wordsOf('en'));
    expect(MenuDouble.application).toBeNull();
  });

  it('reloads nothing, and opens no developer tools', () => {
    const roles = macTemplate(wordsOf('en')).flatMap(({ submenu }) =>
      Array.isArray(submenu) ? submenu.map(({ role }) => role) : [],
    );
    expect(roles.filter((role) => /reload|devtools|zoom/i.test(role ?? ''))).toEqual([]);
    expect(roles).toEqual(expect.arrayContaining(['quit', 'hide', 'copy', 'paste', 'close']));
  });
});
