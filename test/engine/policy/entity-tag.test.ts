import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseEntityTags, strongMatch, weakMatch } from '../../../src/engine/policy/entity-tag.ts';

describe('comparing entity tags (RFC 9110 section 8.8.3.2, with its own examples)', () => {
  it.each([
    ['W/"1"', 'W/"1"', false, true],
    ['W/"1"', 'W/"2"', false, false],
    ['W/"1"', '"1"', false, true],
    ['"1"', '"1"', true, true],
    ['""', '""', true, true],
    ['1', '1', false, false],
    ['w/"1"', 'w/"1"', false, false],
    ['"1', '"1', false, false],
  ])('%s and %s: strong %s, weak %s', (a, b, strong, weak) => {
    expect([strongMatch(a, b), weakMatch(a, b)]).toEqual([strong, weak]);
    expect([strongMatch(b, a), weakMatch(b, a)]).toEqual([strong, weak]);
  });
});

describe('a list of entity tags', () => {
  it.each<[string, string, readonly string[] | '*']>([
    ['a star', ' * ', '*'],
    ['one', '"a"', ['"a"']],
    ['several, weak and strong', '"a", W/"b","c"', ['"a"', 'W/"b"', '"c"']],
    ['commas and backslashes within quotes', '"a,b\\", "\\c"', ['"a,b\\"', '"\\c"']],
    ['a tag that looks like a list', '"a, \'b\', *"', ['"a, \'b\', *"']],
    ['empty members', ' , "a",, "b" ,', ['"a"', '"b"']],
    ['members that are no tags', 'a, "b", w/"c", W/ "d", "e"', ['"b"', '"e"']],
    ['something behind a tag', '"a"x, "b"', ['"b"']],
    ['a quote left open', '"a", "b', ['"a"']],
    ['a star among tags, which is no tag', '*, "a"', ['"a"']],
    ['nothing', '', []],
    ['separators only', ' ,, ', []],
  ])('%s', (_, value, expected) => {
    expect(parseEntityTags(value)).toEqual(expected);
  });

  it('gives back every list that it is given', () => {
    const tag = fc
      .tuple(fc.boolean(), fc.stringMatching(/^[!#-~\u0080-\u00ff]{0,8}$/))
      .map(([weak, opaque]) => `${weak ? 'W/' : ''}"${opaque}"`);
    fc.assert(
      fc.property(fc.array(tag, { minLength: 1 }), fc.constantFrom(',', ', ', ' ,\t'), (tags, comma) => {
        expect(parseEntityTags(tags.join(comma))).toEqual(tags);
      }),
    );
  });

  it('ends in good time on hostile text', () => {
    const started = performance.now();
    for (const text of [
      ' '.repeat(60_000),
      `${'"'.repeat(60_001)}`,
      `"a"${' '.repeat(60_000)}x`,
      '"a,'.repeat(20_000),
    ]) {
      parseEntityTags(text);
    }
    expect(performance.now() - started).toBeLessThan(5000); // quadratic would take minutes
  });
});
