import { existsSync, readFileSync, writeFileSync } from 'node:fs';
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
});
