import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { icnsFile, icoFile, pngSize } from '../../scripts/icon-files.ts';

const ASSETS = resolve(import.meta.dirname, '../../assets');
const read = (name: string) => readFileSync(join(ASSETS, name));

/** Sizes of the pictures in a Windows icon: as its directory has them, and as the pictures are. */
function icoSizes(file: Buffer): { said: number; is: number }[] {
  expect([file.readUInt16LE(0), file.readUInt16LE(2)]).toEqual([0, 1]);
  return Array.from({ length: file.readUInt16LE(4) }, (_, index) => {
    const at = 6 + 16 * index;
    const [length, offset] = [file.readUInt32LE(at + 8), file.readUInt32LE(at + 12)];
    return { said: file.readUInt8(at) || 256, is: pngSize(file.subarray(offset, offset + length)).width };
  });
}

function icnsTypes(file: Buffer): Map<string, number> {
  expect(file.toString('latin1', 0, 4)).toBe('icns');
  expect(file.readUInt32BE(4)).toBe(file.length);
  const found = new Map<string, number>();
  for (let at = 8; at < file.length; at += file.readUInt32BE(at + 4)) {
    found.set(file.toString('latin1', at, at + 4), pngSize(file.subarray(at + 8)).width);
  }
  return found;
}

describe('the pictures of the app', () => {
  it('have a Windows icon with every size that Windows scales to', () => {
    const sizes = icoSizes(read('icon.ico'));
    expect(sizes.map(({ said }) => said)).toEqual([16, 20, 24, 32, 40, 48, 64, 128, 256]);
    for (const { said, is } of sizes) expect(is).toBe(said);
  });

  it('have an Apple icon, each picture of the size that its type stands for', () => {
    expect(Object.fromEntries(icnsTypes(read('icon.icns')))).toEqual({
      icp4: 16,
      icp5: 32,
      ic11: 32,
      ic12: 64,
      ic07: 128,
      ic08: 256,
      ic13: 256,
      ic09: 512,
      ic14: 512,
      ic10: 1024,
    });
  });

  it('are as large as their names say for Linux', () => {
    const names = readdirSync(join(ASSETS, 'icons'));
    expect(names).toContain('512x512.png');
    for (const name of names) {
      const { width, height } = pngSize(read(join('icons', name)));
      expect(`${width}x${height}.png`).toBe(name);
    }
  });

  it('show every state in the tray, for each system and screen', () => {
    const names = readdirSync(join(ASSETS, 'tray'));
    const expected = ['idle', 'sharing', 'draining', 'paused', 'problem'].flatMap((state) => [
      ...['', '@2x'].map((scale) => `${state}Template${scale}.png`),
      ...['light', 'dark'].flatMap((tone) =>
        ['.ico', '.png', '@2x.png', '@3x.png'].map((rest) => `${state}-${tone}${rest}`),
      ),
    ]);
    expect(names.sort()).toEqual(expected.sort());
    for (const name of names) {
      if (name.endsWith('.ico')) {
        const sizes = icoSizes(read(join('tray', name)));
        expect(sizes.map(({ is }) => is)).toEqual([16, 20, 24, 28, 32, 40, 48, 64]);
        continue;
      }
      const scale = Number(/@([\d.]+)x/.exec(name)?.[1] ?? 1);
      expect(pngSize(read(join('tray', name)))).toEqual({ width: 16 * scale, height: 16 * scale });
    }
  });
});

describe('icon files', () => {
  const png = read('icons/16x16.png');

  it('name 256 pixels by a zero, which is all that a byte has room for', () => {
    expect(icoFile([{ size: 256, png }]).readUInt8(6)).toBe(0);
  });

  it('refuse a size that Apple has no type for', () => {
    expect(() => icnsFile([{ size: 20, png }])).toThrow('20 pixels');
  });

  it('are told from files that are no pictures', () => {
    expect(() => pngSize(Buffer.from('GIF89a and so on, long enough'))).toThrow('not a PNG');
  });
});
