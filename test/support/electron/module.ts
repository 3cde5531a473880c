/**
 * What `import 'electron'` means in tests: the package itself has no program to start here. In a test's own process electron-store asks it
 * for a folder that the app never uses; a bundle that runs in a process of its own finds all of Electron in it.
 */
import { tmpdir } from 'node:os';
import { ElectronDouble } from './double.ts';

/** What stands behind it, for whoever turns it. Electron has no such export. */
export const double = new ElectronDouble({
  userData: process.env['POTLUCK_TEST_USER_DATA'] ?? tmpdir(),
  argv: process.argv.slice(2),
});
const { pieces } = double;

export const {
  app,
  BaseWindow,
  BrowserWindow,
  clipboard,
  dialog,
  ipcMain,
  Menu,
  nativeImage,
  nativeTheme,
  Notification,
  powerMonitor,
  powerSaveBlocker,
  protocol,
  safeStorage,
  screen,
  shell,
  systemPreferences,
  Tray,
} = pieces;
export default pieces;
