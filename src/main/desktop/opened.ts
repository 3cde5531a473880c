import { totalmem } from 'node:os';
import { join } from 'node:path';
import type { CloseStack } from '../../engine/base/lifecycle.ts';
import type { Log } from '../../engine/base/log.ts';
import { freeSpace } from './free-space.ts';
import { openDesktopLog, type RotatingFile } from './log.ts';
import type { ElectronPieces } from './pieces.ts';
import { Secrets } from './secrets.ts';
import { kindDefaults, SettingsFile } from './settings.ts';
import type { Surroundings } from './surroundings.ts';
import { Totals } from './totals.ts';

/** What is read before anything can be made: the app's own files. */
export interface Opened {
  /** The app's folder; the engine's state has one of its own in it. */
  readonly folder: string;
  readonly state: string;
  readonly log: Log;
  readonly logFile: RotatingFile;
  readonly file: SettingsFile;
  readonly secrets: Secrets;
  readonly totals: Totals;
  /** Bytes; null where it cannot be told. */
  readonly freeDisk: number | null;
}

/** Opens them. Rejects where a file of settings can neither be read nor begun anew. */
export async function openFiles(electron: ElectronPieces, around: Surroundings, stack: CloseStack): Promise<Opened> {
  const { clock, platform, version } = around;
  const folder = electron.app.getPath('userData');
  const { log, file: logFile } = openDesktopLog(join(folder, 'logs'));
  stack.use(logFile);
  log.info({ version, platform, pid: process.pid }, 'the app starts');
  const freeDisk = await freeSpace(folder);
  const defaults = kindDefaults({ totalMemory: totalmem(), freeDisk });
  const file = new SettingsFile({ log }, { folder, version, defaults });
  const { safeStorage } = electron;
  const secrets = await Secrets.open(join(folder, 'secrets.json'), { safeStorage, log }, platform);
  const totals = await Totals.open(join(folder, 'totals.json'), { clock, log });
  return { folder, state: join(folder, 'engine'), log, logFile, file, secrets, totals, freeDisk };
}
