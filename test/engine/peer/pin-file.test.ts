import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/engine/base/clock.ts';
import { PinFile } from '../../../src/engine/peer/pin-file.ts';

let folder: string;
let path: string;
const clock = new ManualClock();
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'potluck-pins-'));
  path = join(folder, 'managers.json');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const URL = 'http://192.0.2.1:11000';
const [KEY, OTHER] = ['a'.repeat(64), 'b'.repeat(64)];

describe('pins', () => {
  it('take any key for an unknown manager, then that one alone, over restarts', async () => {
    const pins = await PinFile.open(path, { clock });
    expect(pins.latest).toBeUndefined();
    pins.check(URL, KEY, undefined);
    await pins.pin({ url: URL, key: KEY, name: 'office' });
    const again = await PinFile.open(path, { clock });
    again.check(URL, KEY, undefined);
    expect(() => again.check(URL, OTHER, undefined)).toThrow(expect.objectContaining({ code: 'POTLUCK_KEY_CHANGED' }));
    expect(() => again.check(URL, OTHER, undefined)).toThrow(path);
  });

  it('give way to a key that the caller knows, and to no other', async () => {
    const pins = await PinFile.open(path, { clock });
    await pins.pin({ url: URL, key: KEY, name: 'office' });
    pins.check(URL, OTHER, OTHER);
    expect(() => pins.check(URL, KEY, OTHER)).toThrow(expect.objectContaining({ code: 'POTLUCK_KEY_CHANGED' }));
  });

  it('know which manager was joined last', async () => {
    const pins = await PinFile.open(path, { clock });
    await pins.pin({ url: URL, key: KEY, name: 'office' });
    await pins.pin({ url: 'http://192.0.2.2:11000', key: OTHER, name: 'lab' });
    expect(pins.latest?.name).toBe('lab');
    await pins.pin({ url: URL, key: KEY, name: 'office' });
    expect((await PinFile.open(path, { clock })).latest?.name).toBe('office');
  });

  it.each(['', 'nonsense', '[]', '{"managers":[{"url":1}]}'])(
    'are not guessed from a damaged file: %j',
    async (text) => {
      await writeFile(path, text);
      await expect(PinFile.open(path, { clock })).rejects.toMatchObject({ code: 'POTLUCK_FILE_UNREADABLE' });
    },
  );
});
