import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Secrets } from '../../../src/main/desktop/secrets.ts';
import { SafeStorageDouble } from '../../support/electron/system.ts';
import { type TempFolder, tempFolder } from '../../support/program.ts';
import { ManualLog } from './manual-log.ts';

const KEY = 'b'.repeat(64);

function open(folder: TempFolder, storage = new SafeStorageDouble(), platform: 'linux' | 'win32' = 'linux') {
  const safeStorage = storage as unknown as Electron.SafeStorage;
  return Secrets.open(join(folder.path, 'secrets.json'), { safeStorage, log: new ManualLog() }, platform);
}

function unsafe(): SafeStorageDouble {
  const storage = new SafeStorageDouble();
  storage.backend = 'basic_text';
  return storage;
}

afterEach(() => {
  vi.useRealTimers();
});

describe('join tokens', () => {
  it('are kept by the system, and stand nowhere in the clear', async () => {
    using folder = tempFolder();
    const secrets = await open(folder);
    expect(secrets.kind).toBe('safe');
    await secrets.set(KEY, 'open-sesame');
    expect(readFileSync(join(folder.path, 'secrets.json'), 'utf8')).not.toContain('sesame');
    expect(await (await open(folder)).get(KEY)).toBe('open-sesame');
    expect(await secrets.get('c'.repeat(64))).toBeUndefined();
  });

  it('are kept for this session only where nothing safe is there', async () => {
    for (const storage of [unsafe(), Object.assign(new SafeStorageDouble(), { available: false })]) {
      using folder = tempFolder();
      const secrets = await open(folder, storage);
      expect(secrets.kind).toBe('session');
      await secrets.set(KEY, 'open-sesame');
      expect(await secrets.get(KEY)).toBe('open-sesame');
      expect(existsSync(join(folder.path, 'secrets.json'))).toBe(false);
      expect(await (await open(folder, storage)).get(KEY)).toBeUndefined();
    }
  });

  it('go into a file for their owner only if the person agreed', async () => {
    using folder = tempFolder();
    const secrets = await open(folder, unsafe());
    await secrets.set(KEY, 'open-sesame', { inFile: true });
    expect(secrets.kind).toBe('file');
    expect(statSync(join(folder.path, 'secrets.json')).mode & 0o777).toBe(0o600);
    expect(await (await open(folder, unsafe())).get(KEY)).toBe('open-sesame');
    await secrets.forget(KEY);
    expect([secrets.kind, await secrets.get(KEY)]).toEqual(['session', undefined]);
    expect(readFileSync(join(folder.path, 'secrets.json'), 'utf8')).not.toContain('sesame');
  });

  it('are asked for again where the system does not give them back, or the file is broken', async () => {
    using folder = tempFolder();
    await (await open(folder)).set(KEY, 'open-sesame');
    const storage = new SafeStorageDouble();
    storage.decryptStringAsync = () => Promise.reject(new Error('the key ring is another'));
    expect(await (await open(folder, storage)).get(KEY)).toBeUndefined();
    writeFileSync(join(folder.path, 'secrets.json'), '{"sealed":7}');
    expect(await (await open(folder)).get(KEY)).toBeUndefined();
  });

  it('do not keep the app from starting while the person is asked to unlock the key ring', async () => {
    using folder = tempFolder();
    await (await open(folder)).set(KEY, 'open-sesame');
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const storage = new SafeStorageDouble();
    let unlock: (open: boolean) => void = () => undefined;
    storage.isAsyncEncryptionAvailable = () => new Promise((resolve) => (unlock = resolve));
    const opening = open(folder, storage);
    await vi.advanceTimersByTimeAsync(2000);
    const secrets = await opening;
    expect(secrets.kind).toBe('session');
    const token = secrets.get(KEY);
    unlock(true);
    expect([await token, secrets.kind]).toEqual(['open-sesame', 'safe']);
  });

  it('are safe on Windows and macOS whatever Linux’s backend would be', async () => {
    using folder = tempFolder();
    expect((await open(folder, unsafe(), 'win32')).kind).toBe('safe');
  });
});
