import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkSpace, destination, fileError, moveInto } from '../../../src/engine/client/get-files.ts';
import { readJournal } from '../../../src/engine/client/get-journal.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'potluck-get-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('the file that a download goes to', () => {
  it('is the one that was named, or one in the folder that was named', async () => {
    await mkdir(join(folder, 'sub'));
    expect(await destination(join(folder, 'a'), 'name', false)).toBe(join(folder, 'a'));
    expect(await destination(join(folder, 'sub'), 'name', false)).toBe(join(folder, 'sub', 'name'));
  });

  it('is refused where a folder has its name, forced or not', async () => {
    await mkdir(join(folder, 'sub', 'name'), { recursive: true });
    await expect(destination(join(folder, 'sub'), 'name', true)).rejects.toMatchObject({
      code: 'POTLUCK_FILE_UNWRITABLE',
    });
  });

  it('is not put in the place of another one, unless forced', async () => {
    const [part, file] = [join(folder, 'part'), join(folder, 'file')];
    await writeFile(part, 'new');
    await writeFile(file, 'old');
    await expect(moveInto(part, file, false)).rejects.toMatchObject({ code: 'POTLUCK_FILE_EXISTS' });
    expect(await readFile(file, 'utf8')).toBe('old');
    await moveInto(part, file, true);
    expect(await readFile(file, 'utf8')).toBe('new');
  });

  it('is not put through a link that leads nowhere', async () => {
    const [part, file] = [join(folder, 'part'), join(folder, 'file')];
    await writeFile(part, 'new');
    await symlink(join(folder, 'nowhere'), file);
    await expect(moveInto(part, file, false)).rejects.toMatchObject({ code: 'POTLUCK_FILE_EXISTS' });
  });

  it('is refused before the first byte where the disk cannot hold it', async () => {
    await expect(checkSpace(join(folder, 'file'), 2 ** 60)).rejects.toMatchObject({
      code: 'POTLUCK_FILE_UNWRITABLE',
      message: expect.stringMatching(/needs \d+ bytes, the disk has \d+ left/),
    });
    await checkSpace(join(folder, 'file'), 1);
  });

  it.each([
    ['ENOSPC', 'the disk is full'],
    ['EACCES', 'permission denied'],
    ['EROFS', 'read-only'],
    ['EWEIRD', 'EWEIRD'],
  ])('says what is wrong: %s', (code, words) => {
    const error = fileError('/data/file', Object.assign(new Error(code), { code }));
    expect(error.code).toBe('POTLUCK_FILE_UNWRITABLE');
    expect(error.message).toContain('/data/file');
    expect(error.message).toContain(words);
  });
});

describe('the journal of a download', () => {
  it.each([
    ['', 'nothing'],
    ['{"potluck":2}\n', 'another version'],
    ['PNG\0\0', 'no text'],
    ['[]\n', 'a list'],
  ])('is none where there is %j: %s', async (text) => {
    await writeFile(join(folder, 'journal'), text);
    expect(await readJournal(join(folder, 'journal'))).toBeUndefined();
  });

  it('is none where there is no file', async () => {
    expect(await readJournal(join(folder, 'journal'))).toBeUndefined();
  });

  it('believes the last claim of a piece', async () => {
    const claim = (sha256: string) => JSON.stringify({ piece: 1, key: 'k', sha256, signature: 's' });
    await writeFile(join(folder, 'journal'), `{"potluck":1}\n${claim('a')}\n${claim('b')}\n{"piece":2,"sh`);
    const journal = await readJournal(join(folder, 'journal'));
    expect([...(journal?.claims ?? [])]).toEqual([[1, { key: 'k', sha256: 'b', signature: 's' }]]);
  });
});
