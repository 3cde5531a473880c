import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeFolder } from '../../../src/engine/base/folder.ts';
import { openStateFolder } from '../../../src/engine/base/state-folder.ts';
import { type TempFolder, tempFolder } from '../../support/help.ts';

let folder: TempFolder;
beforeEach(() => {
  folder = tempFolder();
});
afterEach(() => folder.remove());

describe('makeFolder', () => {
  it('makes what is missing, with the mode that was asked for, and is content with what is there', () => {
    const path = join(folder.path, 'a/b/c');
    makeFolder(path, 0o700);
    makeFolder(path);
    for (const made of ['a', 'a/b', 'a/b/c']) expect(statSync(join(folder.path, made)).mode & 0o777).toBe(0o700);
  });

  it('refuses a file in its place or above it', () => {
    const file = join(folder.path, 'file');
    writeFileSync(file, '');
    expect(() => makeFolder(file)).toThrow(/is not a folder/);
    expect(() => makeFolder(join(file, 'below'))).toThrow(/ENOTDIR/);
    expect(() => openStateFolder(file)).toThrow(expect.objectContaining({ code: 'POTLUCK_STATE_UNWRITABLE' }));
  });

  it.runIf(process.platform === 'linux')(
    'gives up where the system cannot make one, instead of trying for ever',
    () => {
      expect(() => makeFolder('/proc/potluck/state')).toThrow(/ENOENT/);
    },
  );
});
