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
    // What was agreed to holds for the next token, and for that of another manager.
    await Promise.all([secrets.set(KEY, 'open-barley'), secrets.set('c'.repeat(64), 'open-rye')]);
    const again = await open(folder, unsafe());
    expect([await again.get(KEY), await again.get('c'.repeat(64))]).toEqual(['open-barley', 'open-rye']);
    // Once there is a safe place, they lie there alone.
    const safe = await open(folder);
    expect(safe.kind).toBe('safe');
    await vi.waitFor(() => expect(readFileSync(join(folder.path, 'secrets.json'), 'utf8')).not.toContain('open-'));
    const moved = await open(folder);
    expect([await moved.get(KEY), await moved.get('c'.repeat(64))]).toEqual(['open-barley', 'open-rye']);
  });

  it('are not safe where the key that hides them stands in everybody’s source', async () => {
    using folder = tempFolder();
    const storage = new SafeStorageDouble();
    storage.encryptStringAsync = (text) => Promise.resolve(Buffer.from(`v10${text}`));
    expect((await open(folder, storage)).kind).toBe('session');
    expect((await open(folder, storage, 'win32')).kind).toBe('safe');
  });

  it('are sealed anew where the system wants that, and given back even where it cannot be written', async () => {
    using folder = tempFolder();
    await (await open(folder)).set(KEY, 'open-sesame');
    const storage = new SafeStorageDouble();
    const sealed: string[] = [];
    const decrypt = storage.decryptStringAsync.bind(storage);
    storage.decryptStringAsync = async (bytes) => ({ ...(await decrypt(bytes)), shouldReEncrypt: true });
    storage.encryptStringAsync = async (text) => {
      sealed.push(text);
      if (text === 'potluck') return Buffer.from('sealed');
      throw new Error('the key ring was locked again');
    };
    expect(await (await open(folder, storage)).get(KEY)).toBe('open-sesame');
    expect(sealed).toEqual(['potluck', 'open-sesame']);
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
    const known = secrets.known.then(() => secrets.kind);
    const token = secrets.get(KEY);
    unlock(true);
    expect([await token, await known]).toEqual(['open-sesame', 'safe']);
  });

  it('are safe on Windows and macOS whatever Linux’s backend would be', async () => {
    using folder = tempFolder();
    expect((await open(folder, unsafe(), 'win32')).kind).toBe('safe');
  });
});
