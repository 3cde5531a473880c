/**
 * Signs a release for the apps that update themselves; docs/release.md tells when.
 *
 *     npm run sign:feed -- --new-key FILE                      makes a release key
 *     npm run sign:feed -- --key FILE [--notes FILE] FOLDER    writes update.json and update.json.sig into the folder
 */
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { makeReleaseKey, publicHalf, readPrivateKey, SigningError, signFeed } from './feed-signing.ts';

const OPTIONS = { 'new-key': { type: 'string' }, key: { type: 'string' }, notes: { type: 'string' } } as const;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true });
  const fresh = values['new-key'];
  if (fresh !== undefined) {
    const half = await makeReleaseKey(fresh);
    process.stdout.write(`The private key is in ${fresh}. Build the app with\n\n    POTLUCK_RELEASE_KEY=${half}\n`);
    return;
  }
  const [folder, ...more] = positionals;
  if (values.key === undefined || folder === undefined || more.length > 0) {
    throw new SigningError('give --new-key FILE, or --key FILE [--notes FILE] FOLDER');
  }
  const key = await readPrivateKey(values.key);
  const notes = values.notes === undefined ? '' : await readFile(values.notes, 'utf8');
  const { version, files } = await signFeed(folder, key, notes);
  const listed = files.map(({ name }) => `    ${name}\n`).join('');
  process.stdout.write(
    `Signed version ${version} for apps built with POTLUCK_RELEASE_KEY=${publicHalf(key)}\n${listed}`,
  );
}

main().catch((error: unknown) => {
  process.stderr.write(`sign-feed: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
