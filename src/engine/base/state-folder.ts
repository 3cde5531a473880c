import { accessSync, constants } from 'node:fs';
import { PotluckError } from './errors.ts';
import { makeFolder } from './folder.ts';

/** Makes the state folder, for its owner only, if it is not there. Throws POTLUCK_STATE_UNWRITABLE. */
export function openStateFolder(path: string): void {
  try {
    makeFolder(path, 0o700);
    accessSync(path, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new PotluckError('POTLUCK_STATE_UNWRITABLE', (error as Error).message, { cause: error });
  }
}
