import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesVary, selectingFields, varyNames, varyValues } from '../../../src/engine/policy/vary.ts';

/** True where a response to `stored` may answer `asked`, by Vary alone. */
function selects(vary: string, stored: string[], asked: string[]): boolean {
  const names = varyNames(['Vary', vary]);
  return names !== '*' && matchesVary(varyValues(names, stored), asked);
}

describe('the names in Vary', () => {
  it.each<[string, string[], readonly string[] | '*']>([
    ['none', [], []],
    ['an empty field', ['Vary', ''], []],
    ['one', ['Vary', 'Accept-Encoding'], ['accept-encoding']],
    ['several, sorted, each once', ['Vary', 'b, A,,b ', 'vary', 'C, a'], ['a', 'b', 'c']],
    ['a star', ['Vary', '*'], '*'],
    ['a star among names', ['Vary', 'Accept', 'Vary', 'x, *'], '*'],
    ['what cannot be a name', ['Vary', 'accept encoding'], '*'],
    ['a quoted name', ['Vary', '"accept"'], '*'],
  ])('%s', (_, headers, expected) => {
    expect(varyNames(headers)).toEqual(expected);
  });
});

describe('a variant', () => {
  it.each<[string, string, string[], string[], boolean]>([
    ['matches the same value', 'Foo', ['Foo', '1'], ['foo', '1'], true],
    ['does not match another', 'Foo', ['Foo', '1'], ['Foo', '2'], false],
    ['does not match another case of a field that we do not know', 'Foo', ['Foo', 'a'], ['Foo', 'A'], false],
    ['does not care for other fields', 'Foo', ['Foo', '1', 'Bar', '1'], ['Bar', '2', 'Foo', '1'], true],
    ['cares for each named field', 'Foo, Bar', ['Foo', '1', 'Bar', '1'], ['Bar', '2', 'Foo', '1'], false],
    ['without the field matches a request without it', 'Foo', [], ['Bar', '1'], true],
    ['without the field does not match one that has it', 'Foo', [], ['Foo', '1'], false],
    ['without the field does not match one that has it empty', 'Accept-Encoding', [], ['Accept-Encoding', ''], false],
    ['with the field does not match a request without it', 'Foo', ['Foo', '1'], [], false],
    ['with an empty field matches an empty one', 'Foo', ['Foo', ''], ['Foo', ''], true],
    ['joins fields of one name', 'Foo', ['Foo', '1, 2'], ['Foo', '1', 'Foo', '2'], true],
    ['keeps their order', 'Foo', ['Foo', '2', 'Foo', '1'], ['Foo', '1', 'Foo', '2'], false],
    ['takes any run of white space for one space', 'Foo', ['Foo', 'a  \t b '], ['Foo', 'a b'], true],
    ['does not add white space', 'Foo', ['Foo', 'ab'], ['Foo', 'a b'], false],
    ['keeps white space within quotes', 'Foo', ['Foo', '"a  b"'], ['Foo', '"a b"'], false],
    [
      'reads codings in any case and spacing',
      'Accept-Encoding',
      ['Accept-Encoding', 'gzip, BR;q=0.5'],
      ['accept-encoding', 'GZIP,br; q=0.5'],
      true,
    ],
    ['tells codings apart', 'Accept-Encoding', ['Accept-Encoding', 'gzip'], ['Accept-Encoding', 'gzip, br'], false],
    [
      'reads languages in any case and spacing',
      'Accept-Language',
      ['Accept-Language', 'de-DE, en'],
      ['Accept-Language', 'de-de,en'],
      true,
    ],
  ])('%s', (_, vary, stored, asked, expected) => {
    expect(selects(vary, stored, asked)).toBe(expected);
  });

  const name = fc.constantFrom('accept-encoding', 'accept-language', 'user-agent', 'foo');
  const value = fc.stringMatching(/^[ -~]{0,12}$/);
  const headers = fc.array(fc.tuple(name, value), { maxLength: 6 }).map((pairs) => pairs.flat());

  it('always matches the request that it was made for', () => {
    fc.assert(
      fc.property(fc.uniqueArray(name), headers, (names, request) => {
        expect(matchesVary(varyValues(names, request), request)).toBe(true);
      }),
    );
  });

  it('matches exactly where the values are the same: keys and comparisons agree', () => {
    fc.assert(
      fc.property(fc.uniqueArray(name), headers, headers, (names, stored, asked) => {
        const same = JSON.stringify(varyValues(names, stored)) === JSON.stringify(varyValues(names, asked));
        expect(matchesVary(varyValues(names, stored), asked)).toBe(same);
      }),
    );
  });

  it('is selected again by the fields that are made from its values', () => {
    fc.assert(
      fc.property(fc.uniqueArray(name), headers, (names, request) => {
        const values = varyValues(names, request);
        expect(matchesVary(values, selectingFields(values))).toBe(true);
      }),
    );
    expect(selectingFields(varyValues(['a', 'b'], ['B', '']))).toEqual(['b', '']);
  });
});
