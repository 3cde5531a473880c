import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { PIECE_SIZE } from '../../../src/engine/content/piece.ts';
import {
  isSameVersion,
  isThisPiece,
  rangeOf,
  selectingHeaders,
  versionConditions,
} from '../../../src/engine/load/version.ts';
import { makeHead } from './heads.ts';

const DATE = 'Thu, 01 Jan 2015 00:00:00 GMT';
const LATER = 'Thu, 01 Jan 2015 00:00:01 GMT';
const length = 2 * PIECE_SIZE + 7;
const tagged = makeHead({ length, headers: ['ETag', '"one"', 'Last-Modified', DATE] });
const dated = makeHead({ length, validator: 'date', headers: ['Last-Modified', DATE] });
const naked = makeHead({ length, validator: 'none', headers: [] });

const answer = (statusCode: number, ...rawHeaders: string[]) =>
  ({ statusCode, rawHeaders }) as unknown as IncomingMessage;

describe('what ties a piece to its version', () => {
  it('is asked for by the strongest validator there is', () => {
    expect(versionConditions(tagged)).toEqual(['If-Match', '"one"']);
    expect(versionConditions(dated)).toEqual(['If-Unmodified-Since', DATE]);
    expect(versionConditions(naked)).toEqual([]);
  });

  it('is asked for with exactly the bytes of the piece', () => {
    expect(rangeOf(tagged, 0)).toEqual(['Range', `bytes=0-${PIECE_SIZE - 1}`, 'If-Match', '"one"']);
    expect(rangeOf(dated, 2).slice(0, 2)).toEqual(['Range', `bytes=${2 * PIECE_SIZE}-${2 * PIECE_SIZE + 6}`]);
  });

  it.each([
    ['the same', ['ETag', '"one"', 'Last-Modified', DATE], true],
    ['another tag', ['ETag', '"two"', 'Last-Modified', DATE], false],
    ['a weak tag', ['ETag', 'W/"one"', 'Last-Modified', DATE], false],
    ['no tag', ['Last-Modified', DATE], false],
    ['another date', ['ETag', '"one"', 'Last-Modified', LATER], false],
    ['a whole body of another length', ['ETag', '"one"', 'Last-Modified', DATE, 'Content-Length', '9'], false],
    ['a whole body of its length', ['ETag', '"one"', 'Last-Modified', DATE, 'Content-Length', String(length)], true],
  ])('is compared in the answer: %s', (_, headers, same) => {
    expect(isSameVersion(tagged, answer(200, ...headers))).toBe(same);
  });

  it('never holds where there is no validator', () => {
    expect(isSameVersion(naked, answer(200))).toBe(false);
    expect(isThisPiece(naked, 0, answer(206, 'Content-Range', `bytes 0-${PIECE_SIZE - 1}/${length}`))).toBe(false);
  });

  it.each([
    [`bytes ${PIECE_SIZE}-${2 * PIECE_SIZE - 1}/${length}`, true],
    [`bytes ${PIECE_SIZE}-${2 * PIECE_SIZE - 2}/${length}`, false],
    [`bytes 0-${PIECE_SIZE - 1}/${length}`, false],
    [`bytes ${PIECE_SIZE}-${2 * PIECE_SIZE - 1}/${length + 1}`, false],
    [`bytes ${PIECE_SIZE}-${2 * PIECE_SIZE - 1}/*`, false],
    ['', false],
  ])('takes no other range than the one it asked for: %s', (range, right) => {
    expect(isThisPiece(dated, 1, answer(206, 'Content-Range', range, 'Last-Modified', DATE))).toBe(right);
  });

  it('selects the variant again that was selected, coding included', () => {
    expect(selectingHeaders(tagged)).toEqual(['Accept-Encoding', 'identity']);
    expect(selectingHeaders(makeHead({ headers: ['Content-Encoding', 'gzip'] }))).toEqual(['Accept-Encoding', 'gzip']);
    const vary = [
      ['accept-encoding', 'br,gzip'],
      ['accept-language', 'de'],
    ] as const;
    expect(selectingHeaders(makeHead({ vary }))).toEqual(['accept-encoding', 'br,gzip', 'accept-language', 'de']);
  });
});
