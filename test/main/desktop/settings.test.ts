import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Check } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { SettingsSchema } from '../../../src/engine/protocol/desktop.ts';
import { kindDefaults, SettingsFile } from '../../../src/main/desktop/settings.ts';
import { tempFolder } from '../../support/program.ts';
import { ManualLog } from './manual-log.ts';

const GIB = 2 ** 30;
const defaults = kindDefaults({ totalMemory: 16 * GIB, freeDisk: 500 * GIB });

function open(folder: string, version = '0.1.0', log = new ManualLog()) {
  return new SettingsFile({ log }, { folder, version, defaults });
}

describe('the defaults', () => {
  it('are kind: little memory, a share of the free disk, nothing on battery, over VPN or where it costs', () => {
    expect(defaults).toMatchObject({
      memory: 512 * 2 ** 20,
      disk: 10 * GIB,
      startAtLogin: false,
      conditions: { battery: 'pause', metered: 'pause', vpn: 'pause', busy: 'serve' },
    });
    expect(kindDefaults({ totalMemory: GIB, freeDisk: 5 * GIB })).toMatchObject({ memory: GIB / 8, disk: GIB });
  });

  it('are allowed, whatever the machine has', () => {
    for (const totalMemory of [2 ** 28, 2 ** 33, 2 ** 41])
      for (const freeDisk of [null, 0, 1, 2 ** 30, 2 ** 50])
        expect(Check(SettingsSchema, kindDefaults({ totalMemory, freeDisk }))).toBe(true);
  });
});

describe('the file of settings', () => {
  it('keeps what was changed', () => {
    using folder = tempFolder();
    const file = open(folder.path);
    expect(file.settings).toEqual(defaults);
    file.change({ uploadCap: null, language: 'zh' });
    file.remember({ joined: true, window: { x: 1, y: 2, width: 3, height: 4 } });
    const again = open(folder.path);
    expect(again.settings).toEqual({ ...defaults, uploadCap: null, language: 'zh' });
    expect(again.memory).toMatchObject({ joined: true, last: null, window: { x: 1 } });
  });

  it('refuses what is not allowed, and keeps the old', () => {
    using folder = tempFolder();
    const file = open(folder.path);
    expect(() => file.change({ port: 80 })).toThrow(/cannot be written/);
    expect(file.settings.port).toBe(8001);
    expect(open(folder.path).settings.port).toBe(8001);
  });

  it('of an older version gets what is new, and loses what is no more', () => {
    using folder = tempFolder();
    open(folder.path).change({ port: 9001 });
    const path = join(folder.path, 'settings.json');
    const old = JSON.parse(readFileSync(path, 'utf8')) as { settings: Record<string, unknown> };
    delete old.settings['quitWarm'];
    old.settings['blinkWhenHappy'] = true;
    writeFileSync(path, JSON.stringify(old));
    const file = open(folder.path, '0.2.0');
    expect(file.settings).toEqual({ ...defaults, port: 9001 });
    file.change({ port: 9002 });
    expect(readFileSync(path, 'utf8')).not.toContain('blinkWhenHappy');
  });

  it('loses one value alone where somebody wrote something odd', () => {
    using folder = tempFolder();
    open(folder.path).change({ port: 9001 });
    const path = join(folder.path, 'settings.json');
    writeFileSync(
      path,
      readFileSync(path, 'utf8')
        .replace('"uploadCap": 20971520', '"uploadCap": "fast"')
        .replace('"uploadCap":20971520', '"uploadCap":"fast"'),
    );
    expect(readFileSync(path, 'utf8')).toContain('fast');
    const log = new ManualLog();
    expect(open(folder.path, '0.1.0', log).settings).toEqual({ ...defaults, port: 9001 });
    expect(log.warnings).toHaveLength(1);
  });

  it('that is no JSON is put aside, not overwritten', () => {
    using folder = tempFolder();
    const path = join(folder.path, 'settings.json');
    writeFileSync(path, '{ "settings": oops');
    expect(open(folder.path).settings).toEqual(defaults);
    expect(existsSync(`${path}.broken`)).toBe(true);
  });

  it('of a newer version is read by an older one, which keeps what it knows', () => {
    using folder = tempFolder();
    open(folder.path, '0.3.0').change({ port: 9001, language: 'zh' });
    const path = join(folder.path, 'settings.json');
    const newer = JSON.parse(readFileSync(path, 'utf8')) as Record<string, Record<string, unknown>>;
    Object.assign(newer['settings'] ?? {}, { blinkWhenHappy: true, theme: 'sepia' });
    Object.assign(newer, { plugins: [] });
    writeFileSync(path, JSON.stringify(newer));
    const file = open(folder.path, '0.2.0');
    expect(file.settings).toEqual({ ...defaults, port: 9001, language: 'zh' });
    file.change({ port: 9002 });
    expect(open(folder.path, '0.3.0').settings.port).toBe(9002);
  });
});

describe('a folder that cannot be written', () => {
  /** What a full disk or a home that is read only does to every write, also for root. */
  function block(folder: string): () => void {
    renameSync(folder, `${folder}.away`);
    writeFileSync(folder, '');
    return () => {
      rmSync(folder);
      renameSync(`${folder}.away`, folder);
    };
  }

  it('keeps no app from starting, and refuses changes until it can be written', () => {
    using folder = tempFolder();
    const home = join(folder.path, 'app');
    mkdirSync(home);
    const free = block(home);
    const log = new ManualLog();
    const file = open(home, '0.1.0', log);
    expect(file.settings).toEqual(defaults);
    expect(() => file.change({ port: 9001 })).toThrow(/cannot be written/);
    file.remember({ joined: true });
    expect([file.settings.port, file.memory.joined]).toEqual([8001, true]);
    free();
    file.change({ port: 9001 });
    expect(open(home).settings.port).toBe(9001);
    expect(open(home).memory.joined).toBe(true);
  });

  it('costs nothing that was remembered before', () => {
    using folder = tempFolder();
    const home = join(folder.path, 'app');
    const file = open(home);
    file.change({ port: 9001 });
    const free = block(home);
    expect(() => file.change({ port: 9002 })).toThrow(/cannot be written/);
    file.remember({ window: { x: 1 } });
    expect(file.settings.port).toBe(9001);
    free();
    expect(readdirSync(home)).toEqual(['settings.json']);
    expect(open(home).settings.port).toBe(9001);
  });

  it('leaves a file with an odd value as it is, which is mended the next time', () => {
    using folder = tempFolder();
    open(folder.path).change({ port: 9001 });
    const path = join(folder.path, 'settings.json');
    const old = readFileSync(path, 'utf8').replace('"quitWarm"', '"blinkWhenHappy"');
    writeFileSync(path, old);
    mkdirSync(`${path}.new`); // what cannot be written
    const log = new ManualLog();
    expect(open(folder.path, '0.1.0', log).settings.port).toBe(9001);
    expect(log.errors).toHaveLength(1);
    expect(readFileSync(path, 'utf8')).toBe(old);
    rmSync(`${path}.new`, { recursive: true });
    expect(open(folder.path).settings).toEqual({ ...defaults, port: 9001 });
    expect(readFileSync(path, 'utf8')).not.toContain('blinkWhenHappy');
  });
});
