import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readIfThere, writeAtomic } from '../../../engine/base/atomic-file.ts';

/** How long after it has quit an app is still believed to be started by its update: a warm quit and an installer take minutes. */
const SOON = 15 * 60_000;

export const RESTART_NAME = 'restart.json';

/**
 * An app that was in the tray when it was updated comes back in the tray. Installers start it without a word, so that a note in the folder of
 * updates says it. `version`: of the app that will find it.
 */
export async function noteRestart(folder: string, version: string, hidden: boolean, now: number): Promise<void> {
  await writeAtomic(join(folder, RESTART_NAME), JSON.stringify({ version, hidden, at: now }), { mode: 0o600 });
}

/** Whether this start is the one that such a note speaks of; it is gone afterwards. A note that cannot be read says nothing. */
export async function takeRestart(folder: string, version: string, now: number): Promise<boolean> {
  const file = join(folder, RESTART_NAME);
  try {
    const text = await readIfThere(file);
    if (text === undefined) return false;
    await rm(file, { force: true });
    const note = Object(JSON.parse(text)) as { version?: unknown; hidden?: unknown; at?: unknown };
    return note.hidden === true && note.version === version && Math.abs(now - Number(note.at)) < SOON;
  } catch {
    return false;
  }
}
