import { readIfThere, writeAtomic } from './atomic-file.ts';
import { PotluckError } from './errors.ts';

/** Only its owner may read it. */
const SECRET_MODE = 0o600;

/**
 * A secret that is kept over restarts: read from its file, or made and written on the first start. A file that holds something else is
 * never replaced: others may have pinned what was in it. Throws POTLUCK_FILE_UNREADABLE or POTLUCK_STATE_UNWRITABLE.
 */
export async function loadSecret<T>(
  path: string,
  secret: { make: () => string; parse: (text: string) => T; what: string },
): Promise<T> {
  let text = await readIfThere(path);
  if (text === undefined) {
    text = secret.make();
    await writeAtomic(path, text, { mode: SECRET_MODE });
  }
  try {
    return secret.parse(text);
  } catch (error) {
    throw new PotluckError('POTLUCK_FILE_UNREADABLE', `${path} does not hold ${secret.what}`, { cause: error });
  }
}
