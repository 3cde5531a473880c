/**
 * What `import 'electron'` means in tests: the package itself has no program to start here. electron-store asks it for a folder that the
 * app never uses; everything else is handed in.
 */
import { tmpdir } from 'node:os';
import { ElectronDouble } from './double.ts';

const { pieces } = new ElectronDouble({ userData: tmpdir() });

export const { app, ipcMain, shell } = pieces;
export default pieces;
