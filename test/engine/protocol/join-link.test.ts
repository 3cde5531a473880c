import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PotluckError } from '../../../src/engine/base/errors.ts';
import {
  formatJoinLink,
  isJoinLink,
  type JoinLink,
  managerUrls,
  parseJoinLink,
} from '../../../src/engine/protocol/join-link.ts';

const KEY = '0123456789abcdef'.repeat(4);
const URL_PART = 'url=http%3A%2F%2F10.0.0.5%3A11000';

const hex = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 64, maxLength: 64 });
const visible = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  minLength: 1,
  maxLength: 256,
});
const links: fc.Arbitrary<JoinLink> = fc.record({
  url: fc
    .tuple(fc.constantFrom('http', 'https'), fc.domain(), fc.integer({ min: 1, max: 65_535 }))
    .map(([scheme, host, port]) => new URL(`${scheme}://${host}:${port}`).origin),
  key: hex,
  token: fc.option(visible, { nil: undefined }),
});

describe('a join link', () => {
  it('is read as it was written, whatever the token', () => {
    const same = fc.property(links, (link) => {
      expect(parseJoinLink(formatJoinLink(link))).toEqual(link);
    });
    fc.assert(same);
  });

  it('is understood in the spellings that systems make of it', () => {
    const link = { url: 'http://10.0.0.5:11000', key: KEY, token: undefined };
    expect(formatJoinLink(link)).toBe(`potluck://join?${URL_PART}&key=${KEY}`);
    for (const text of [
      `potluck://join?${URL_PART}&key=${KEY}`,
      `  potluck://join?${URL_PART}&key=${KEY}\n`,
      `potluck://join/?${URL_PART}&key=${KEY}`,
      `POTLUCK://JOIN?${URL_PART}&key=${KEY.toUpperCase()}`,
      `potluck:join?key=${KEY}&${URL_PART}%2F`,
      `potluck://join?url=http://10.0.0.5:11000&key=${KEY}`,
    ]) {
      expect(parseJoinLink(text)).toEqual(link);
    }
  });

  it.each([
    '',
    'potluck:',
    'potluck://join',
    'potluck://join?',
    `potluck://join?key=${KEY}`,
    `potluck://join?${URL_PART}`,
    `potluck://join?${URL_PART}&key=${KEY.slice(1)}`,
    `potluck://join?${URL_PART}&key=${KEY}0`,
    `potluck://join?${URL_PART}&key=${KEY}&key=${KEY}`,
    `potluck://join?${URL_PART}&${URL_PART}&key=${KEY}`,
    `potluck://join?${URL_PART}&key=${KEY}&cmd=leave`,
    `potluck://join?${URL_PART}&key=${KEY}#token=x`,
    `potluck://join?${URL_PART}&key=${KEY}&token=`,
    `potluck://join?${URL_PART}&key=${KEY}&token=a%0d%0ab`,
    `potluck://join?${URL_PART}&key=${KEY}&token=${'x'.repeat(257)}`,
    `potluck://join?url=file%3A%2F%2F%2Fetc%2Fpasswd&key=${KEY}`,
    `potluck://join?url=javascript%3Aalert(1)&key=${KEY}`,
    `potluck://join?url=http%3A%2F%2Fuser%3Apw%4010.0.0.5&key=${KEY}`,
    `potluck://join?url=http%3A%2F%2F10.0.0.5%2Fpath&key=${KEY}`,
    `potluck://join?url=http%3A%2F%2F10.0.0.5%3Fq&key=${KEY}`,
    `potluck://join?url=http%3A%2F%2Fgood%5C%40evil&key=${KEY}`,
    `potluck://leave?${URL_PART}&key=${KEY}`,
    `potluck://evil@join?${URL_PART}&key=${KEY}`,
    `potluck://join/../x?${URL_PART}&key=${KEY}`,
    `http://join?${URL_PART}&key=${KEY}`,
    `potluck://join?${URL_PART}&key=${KEY}&token=${'x'.repeat(10_000)}`,
  ])('that is not exactly that is refused: %j', (text) => {
    expect(() => parseJoinLink(text)).toThrow(expect.objectContaining({ code: 'POTLUCK_BAD_ADDRESS' }));
  });

  it('never does anything but answer or refuse, whatever it is given', () => {
    const hostile = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'binary' }).map((rest) => `potluck://join?${rest}`),
      fc.webQueryParameters().map((rest) => `potluck://join?${rest}`),
      fc.string({ unit: 'binary' }).map((url) => `potluck://join?url=${encodeURIComponent(url)}&key=${KEY}`),
    );
    fc.assert(
      fc.property(hostile, (text) => {
        try {
          const { url, key } = parseJoinLink(text);
          expect(new URL(url).origin).toBe(url);
          expect(['http:', 'https:']).toContain(new URL(url).protocol);
          expect(key).toMatch(/^[0-9a-f]{64}$/);
        } catch (error) {
          expect(error).toBeInstanceOf(PotluckError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('is told from an address', () => {
    expect(['potluck://x', ' Potluck:join'].map(isJoinLink)).toEqual([true, true]);
    expect(['cdn', 'http://potluck:1', ''].map(isJoinLink)).toEqual([false, false, false]);
  });
});

describe('an address that a person typed', () => {
  it.each([
    ['cdn', ['http://cdn:11000', 'https://cdn:11000']],
    [' cdn.example ', ['http://cdn.example:11000', 'https://cdn.example:11000']],
    ['10.0.0.5', ['http://10.0.0.5:11000', 'https://10.0.0.5:11000']],
    ['10.0.0.5:8080', ['http://10.0.0.5:8080', 'https://10.0.0.5:8080']],
    ['fd00::1', ['http://[fd00::1]:11000', 'https://[fd00::1]:11000']],
    ['[fd00::1]:8080', ['http://[fd00::1]:8080', 'https://[fd00::1]:8080']],
    ['https://cdn.example', ['https://cdn.example', 'https://cdn.example:11000', 'http://cdn.example:11000']],
    ['http://cdn:11000/', ['http://cdn:11000', 'https://cdn:11000']],
    ['HTTPS://cdn:11000', ['https://cdn:11000', 'http://cdn:11000']],
    ['cdn.local.', ['http://cdn.local:11000', 'https://cdn.local:11000']],
    ['//cdn:8080', ['http://cdn:8080', 'https://cdn:8080']],
    ['10.0.0.5 : 8080', ['http://10.0.0.5:8080', 'https://10.0.0.5:8080']],
    ['10。0。0。5：8080', ['http://10.0.0.5:8080', 'https://10.0.0.5:8080']],
    ['<http://cdn:8080/_potluck/join?x#y>', ['http://cdn:8080', 'https://cdn:8080']],
    ['cdn/dist/file.iso', ['http://cdn:11000', 'https://cdn:11000']],
    ['\u200bcdn\u200b', ['http://cdn:11000', 'https://cdn:11000']],
    ['http://[fd00::1]:8080', ['http://[fd00::1]:8080', 'https://[fd00::1]:8080']],
    ['büro.example', ['http://xn--bro-hoa.example:11000', 'https://xn--bro-hoa.example:11000']],
  ])('is understood: %j', (text, urls) => {
    expect(managerUrls(text)).toEqual(urls);
  });

  it.each([
    '',
    '  ',
    ':',
    'cdn:',
    'cdn:0',
    'cdn:99999',
    'a b',
    'http://',
    'ftp://cdn',
    'http://u@cdn',
    'http://u:p@cdn/path',
    'http://good\\@evil',
    'fe80::1%eth0',
    '/path',
    '1.2.3',
    'x'.repeat(5000),
  ])('is refused: %j', (text) => {
    expect(() => managerUrls(text)).toThrow(expect.objectContaining({ code: 'POTLUCK_BAD_ADDRESS' }));
  });
});
