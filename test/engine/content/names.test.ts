import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatHttpDate } from '../../../src/engine/base/http-date.ts';
import { type ObjectKey, objectId, targetId } from '../../../src/engine/content/key.ts';
import { PIECE_SIZE, pieceCount, pieceHash, pieceId, pieceLength } from '../../../src/engine/content/piece.ts';
import { isStrongEtag, revisionOf, type Validator, validatorOf } from '../../../src/engine/content/revision.ts';

const NAME = /^[0-9a-f]{32}$/;
// Texts made of what separates parts from each other, so that a sloppy join would make two keys one.
const part = fc
  .array(fc.constantFrom('a', '1', ':', '\n', '/', ' ', '2:aa'), { maxLength: 5 })
  .map((all) => all.join(''));
const key: fc.Arbitrary<ObjectKey> = fc.record({
  group: part,
  target: part,
  vary: fc.array(fc.tuple(part, part), { maxLength: 3 }),
});

describe('names of objects', () => {
  it('are 32 hexadecimal digits, the same for the same key', () => {
    fc.assert(
      fc.property(key, (one) => {
        expect(objectId(one)).toMatch(NAME);
        expect(objectId(structuredClone(one))).toBe(objectId(one));
        expect(targetId(one.group, one.target)).toMatch(NAME);
      }),
    );
  });

  it('differ wherever keys differ', () => {
    fc.assert(
      fc.property(key, key, (one, other) => {
        expect(objectId(one) === objectId(other)).toBe(JSON.stringify(one) === JSON.stringify(other));
        const sameTarget = one.group === other.group && one.target === other.target;
        expect(targetId(one.group, one.target) === targetId(other.group, other.target)).toBe(sameTarget);
      }),
      { numRuns: 2000 },
    );
  });

  it('stay what they are: stored bytes and other members depend on them', () => {
    const sha = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 32);
    expect(objectId({ group: 'g', target: '/a', vary: [['x', '1']] })).toBe(sha('potluck/object/1\n1:g2:/a1:x1:1'));
    expect(targetId('g', '/a')).toBe(sha('potluck/target/1\n1:g/a'));
  });
});

describe('pieces', () => {
  it('cover a body exactly', () => {
    fc.assert(
      fc.property(fc.nat(5000), fc.integer({ min: 1, max: 700 }), (length, size) => {
        const count = pieceCount(length, size);
        const lengths = Array.from({ length: count }, (_, i) => pieceLength(length, size, i));
        expect(lengths.reduce((sum, one) => sum + one, 0)).toBe(length);
        expect(lengths.slice(0, -1).every((one) => one === size)).toBe(true);
        expect(lengths.every((one) => one > 0)).toBe(true);
        expect(pieceLength(length, size, count)).toBe(0);
      }),
    );
  });

  it('have names of 32 digits that tell revision and index apart', () => {
    const revision = fc.stringMatching(/^[0-9a-f]{32}$/);
    fc.assert(
      fc.property(revision, fc.nat(0xffffffff), fc.nat(0xffffffff), (name, i, j) => {
        expect(pieceId(name, i)).toMatch(NAME);
        expect(pieceId(name, i) === pieceId(name, j)).toBe(i === j);
      }),
    );
    expect(pieceId('f'.repeat(32), 0)).toBe(`${'f'.repeat(24)}00000000`);
    expect(pieceId('f'.repeat(32), 255)).toBe(`${'f'.repeat(24)}000000ff`);
  });

  it('are hashed with SHA-256', () => {
    expect(pieceHash(Buffer.from('abc'))).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    expect(PIECE_SIZE).toBe(1_048_576);
  });
});

const NOW = Date.UTC(2026, 0, 1);
const at = (seconds: number): string => formatHttpDate(NOW + seconds * 1000);

describe('what ties pieces to one version', () => {
  it.each(['"a"', '""', '"a,b"', '"\u00fc"', '"!#~"'])('%s is a strong tag', (tag) => {
    expect(isStrongEtag(tag)).toBe(true);
    expect(validatorOf(['ETag', tag], undefined, 'n')).toEqual({ kind: 'etag', etag: tag });
  });

  it.each(['W/"a"', 'a', '"a', 'a"', '', '"a"b"', '"a b"', '"a\u0000"', '"a", "b"'])('%j is none', (tag) => {
    expect(isStrongEtag(tag)).toBe(false);
    expect(validatorOf(['ETag', tag], 5, 'n')).toEqual({ kind: 'none', nonce: 'n' });
  });

  it.each<[string, string[], number | undefined, Validator['kind']]>([
    ['a date that is a minute old', ['Last-Modified', at(-60), 'Date', at(0)], 5, 'date'],
    ['a younger date', ['Last-Modified', at(-59), 'Date', at(0)], 5, 'none'],
    ['a date in the future', ['Last-Modified', at(60), 'Date', at(0)], 5, 'none'],
    ['a date without a length', ['Last-Modified', at(-60), 'Date', at(0)], undefined, 'none'],
    ['a date of an empty body', ['Last-Modified', at(-60), 'Date', at(0)], 0, 'date'],
    ['a date without Date', ['Last-Modified', at(-60)], 5, 'none'],
    ['a date that only JavaScript understands', ['Last-Modified', '2020-01-01', 'Date', at(0)], 5, 'none'],
    ['a date in local time', ['Last-Modified', 'Wed, 01 Jan 2020 00:00:00', 'Date', at(0)], 5, 'none'],
    ['a Date that is none', ['Last-Modified', at(-60), 'Date', '2027'], 5, 'none'],
    ['an old date beside a weak tag', ['ETag', 'W/"a"', 'Last-Modified', at(-60), 'Date', at(0)], 5, 'date'],
    ['an old date beside a strong tag', ['ETag', '"a"', 'Last-Modified', at(-60), 'Date', at(0)], 5, 'etag'],
    ['nothing', [], 5, 'none'],
  ])('%s', (_, headers, length, kind) => {
    expect(validatorOf(headers, length, 'n').kind).toBe(kind);
  });
});

describe('names of revisions', () => {
  const text = fc.constantFrom('', 'a', 'b', '"a"', 'a 1', '1');
  const validator: fc.Arbitrary<Validator> = fc.oneof(
    text.map((etag): Validator => ({ kind: 'etag', etag })),
    fc.tuple(text, fc.nat(12)).map(([lastModified, length]): Validator => ({ kind: 'date', lastModified, length })),
    text.map((nonce): Validator => ({ kind: 'none', nonce })),
  );
  const version = fc.record({ object: text, encoding: text, generation: fc.nat(12), validator });

  it('differ wherever object, encoding, purge generation or validator do', () => {
    fc.assert(
      fc.property(version, version, (one, other) => {
        expect(revisionOf(one)).toMatch(NAME);
        expect(revisionOf(one) === revisionOf(other)).toBe(JSON.stringify(one) === JSON.stringify(other));
      }),
      { numRuns: 5000 },
    );
  });
});
