import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadIdentity } from '../../../src/engine/manager/identity-file.ts';
import { loadPeerIdentity } from '../../../src/engine/peer/identity-file.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'potluck-identity-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe.each([
  ['manager', loadIdentity],
  ['peer', loadPeerIdentity],
])('the identity of a %s', (_, load) => {
  it('is made on the first start, for its owner alone, and stays', async () => {
    const path = join(folder, 'a', 'b', 'identity.pem');
    const first = await load(path);
    const second = await load(path);
    expect(second.fingerprint).toBe(first.fingerprint);
    if (process.platform !== 'win32') expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('is never replaced where the file holds something else', async () => {
    const path = join(folder, 'identity.pem');
    await writeFile(path, 'not a key');
    await expect(load(path)).rejects.toMatchObject({ code: 'POTLUCK_FILE_UNREADABLE' });
    expect(await readFile(path, 'utf8')).toBe('not a key');
  });

  it('says so where the state folder cannot be written', async () => {
    await writeFile(join(folder, 'file'), '');
    await expect(load(join(folder, 'file', 'identity.pem'))).rejects.toMatchObject({
      code: expect.stringMatching(/^POTLUCK_(STATE_UNWRITABLE|FILE_UNREADABLE)$/),
    });
  });
});
