/**
 * The pieces of Electron that the desktop app uses. Everything here is written against these types and is handed the real ones by
 * `electron.ts`; tests hand in a double that is checked against the same declarations.
 */
export type ElectronPieces = Pick<
  typeof import('electron'),
  | 'app'
  | 'BaseWindow'
  | 'BrowserWindow'
  | 'clipboard'
  | 'dialog'
  | 'ipcMain'
  | 'Menu'
  | 'nativeImage'
  | 'nativeTheme'
  | 'Notification'
  | 'powerMonitor'
  | 'powerSaveBlocker'
  | 'protocol'
  | 'safeStorage'
  | 'screen'
  | 'shell'
  | 'systemPreferences'
  | 'Tray'
>;

/** The systems that the app runs on. */
export type Platform = 'win32' | 'darwin' | 'linux';

/** Any other Unix is treated as Linux: freedesktop.org's conventions are the best guess there. */
export function platformOf(name: string): Platform {
  return name === 'win32' || name === 'darwin' ? name : 'linux';
}
