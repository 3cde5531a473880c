import * as electron from 'electron';
import type { ElectronPieces } from './pieces.ts';

/** The real Electron. The only place that asks for it: everything else is handed what it uses. */
export const electronPieces: ElectronPieces = electron;

/** Squirrel.Mac; known to `update/` only. */
export const autoUpdater: typeof electron.autoUpdater = electron.autoUpdater;
