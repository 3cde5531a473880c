import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HeadTable } from '../../../src/engine/load/heads.ts';
import type { LiveHead } from '../../../src/engine/load/live-head.ts';
import { makeLive } from './heads.ts';

const MiB = 1024 * 1024;
const german = ['Accept-Language', 'de'];
const varying = (language: string, serial = 1) => makeLive({ vary: [['accept-language', language]], serial });

describe('the table of heads', () => {
  it('finds what was put in, under its group and target only', () => {
    const table = new HeadTable({ bytes: MiB });
    const live = table.put(makeLive());
    expect(table.find('default', '/file', [])).toBe(live);
    expect(table.find('other', '/file', [])).toBeUndefined();
    expect(table.find('default', '/files', [])).toBeUndefined();
    expect(table.byObject(live.head.object)).toBe(live);
  });

  it('lets the higher serial win, whichever comes first, and retires the other', () => {
    const table = new HeadTable({ bytes: MiB });
    const [older, newer] = [makeLive({ serial: 1 }), makeLive({ serial: 2, etag: '"two"' })];
    expect(table.put(newer)).toBe(newer);
    expect(table.put(older)).toBe(newer);
    const newest = makeLive({ serial: 3 });
    table.put(newest);
    expect([newer.retired, newest.retired]).toEqual([true, false]);
    expect(table.find('default', '/file', [])).toBe(newest);
    expect(table.size).toBe(1);
  });

  it('selects a variant by the fields that Vary names', () => {
    const table = new HeadTable({ bytes: MiB });
    const [de, en] = [table.put(varying('de')), table.put(varying('en'))];
    expect(table.find('default', '/file', german)).toBe(de);
    expect(table.find('default', '/file', ['accept-language', 'en'])).toBe(en);
    expect(table.find('default', '/file', [])).toBeUndefined();
    expect(table.hasTarget('default', '/file')).toBe(true);
  });

  it('drops variants that vary otherwise than the newest', () => {
    const table = new HeadTable({ bytes: MiB });
    const de = table.put(varying('de'));
    const plain = table.put(makeLive());
    expect(de.retired).toBe(true);
    expect(table.find('default', '/file', german)).toBe(plain);
    expect(table.size).toBe(1);
  });

  it('keeps a bounded number of variants, the newest', () => {
    const table = new HeadTable({ bytes: MiB });
    for (let i = 0; i < 500; i++) table.put(varying(`l${i}`));
    expect(table.size).toBeLessThanOrEqual(64);
    expect(table.find('default', '/file', ['accept-language', 'l499'])).toBeDefined();
    expect(table.find('default', '/file', ['accept-language', 'l0'])).toBeUndefined();
  });

  it('drops one variant and leaves the others, or all of a target', () => {
    const table = new HeadTable({ bytes: MiB });
    const [de, en] = [table.put(varying('de')), table.put(varying('en'))];
    table.drop(de);
    expect([de.retired, en.retired]).toEqual([true, false]);
    expect(table.find('default', '/file', german)).toBeUndefined();
    expect(table.dropTarget('default', '/file')).toEqual([en]);
    expect(en.retired).toBe(true);
    expect([table.size, table.hasTarget('default', '/file')]).toEqual([0, false]);
  });

  it('forgets the target that was used least recently, in both of its indexes', () => {
    const table = new HeadTable({ bytes: 100_000 });
    const first = table.put(makeLive({ target: '/first' }));
    for (let i = 0; i < 200; i++) {
      table.put(makeLive({ target: `/file/${i}` }));
      table.find('default', '/first', []);
    }
    expect(table.find('default', '/first', [])).toBe(first);
    expect(table.find('default', '/file/0', [])).toBeUndefined();
    expect(table.byObject(makeLive({ target: '/file/0' }).head.object)).toBeUndefined();
    expect(table.size).toBeLessThan(100);
  });

  it('does not keep by its object what is too large to be kept by its target', () => {
    const table = new HeadTable({ bytes: 1 });
    const huge = makeLive({ headers: ['X-Large', 'x'.repeat(MiB)] });
    table.put(huge);
    expect(table.size).toBe(0);
    expect(table.byObject(huge.head.object)).toBeUndefined();
    expect([...table.all()]).toEqual([]);
  });

  it('has every head in both indexes or in none, whatever happens', () => {
    const step = fc.record({
      do: fc.constantFrom('put', 'put', 'put', 'drop', 'dropTarget', 'find'),
      target: fc.nat(5),
      variant: fc.nat(3),
      serial: fc.nat(20),
      size: fc.constantFrom(10, 10, 10, 60_000),
    });
    const play = (steps: readonly { do: string; target: number; variant: number; serial: number; size: number }[]) => {
      const table = new HeadTable({ bytes: 1 }); // the smallest there is
      const all: LiveHead[] = [];
      for (const { do: action, target, variant, serial, size } of steps) {
        const path = `/${target}`;
        const live = makeLive({
          target: path,
          serial,
          headers: ['X', 'x'.repeat(size)],
          vary: variant === 0 ? [] : [['accept-language', String(variant)]],
        });
        if (action === 'put') {
          table.put(live);
          all.push(live);
        } else if (action === 'drop') {
          const known = table.byObject(live.head.object);
          if (known !== undefined) table.drop(known);
        } else if (action === 'dropTarget') table.dropTarget('default', path);
        else table.find('default', path, ['accept-language', String(variant)]);
      }
      for (const live of table.all()) {
        const values = live.head.vary.flat();
        expect(table.find('default', live.head.target, values)).toBe(live);
        expect(live.retired).toBe(false);
      }
      const current = new Set(table.all());
      expect(all.filter((live) => !live.retired && table.byObject(live.head.object) === live)).toHaveLength(
        current.size,
      );
    };
    fc.assert(fc.property(fc.array(step, { maxLength: 60 }), play), { numRuns: 200 });
  });
});
