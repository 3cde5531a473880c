import { describe, expect, it } from 'vitest';
import { PIECE_SIZE } from '../../../src/engine/content/piece.ts';
import { type OriginAnswer, representationOf } from '../../../src/engine/load/answer.ts';

const answer = (status: number, headers: string[], ranged = true) =>
  ({ status, headers, ranged }) as unknown as OriginAnswer;

describe('what an answer of the origin is an answer of', () => {
  it('is the first piece of something longer', () => {
    const range = ['Content-Range', `bytes 0-${PIECE_SIZE - 1}/5000000`, 'Content-Length', String(PIECE_SIZE)];
    expect(representationOf(answer(206, range))).toEqual({ status: 200, length: 5_000_000, partial: true });
  });

  it('is the whole, whatever the status says, where it has one piece only', () => {
    expect(representationOf(answer(206, ['Content-Range', 'bytes 0-9/10']))).toEqual({
      status: 200,
      length: 10,
      partial: false,
    });
    const exact = ['Content-Range', `bytes 0-${PIECE_SIZE - 1}/${PIECE_SIZE}`];
    expect(representationOf(answer(206, exact))).toMatchObject({ length: PIECE_SIZE, partial: false });
  });

  it('is the whole where the range was not heeded, of known length or not', () => {
    expect(representationOf(answer(200, ['Content-Length', '5']))).toEqual({ status: 200, length: 5, partial: false });
    expect(representationOf(answer(200, ['Transfer-Encoding', 'chunked']))?.length).toBeUndefined();
    expect(representationOf(answer(200, []))?.length).toBeUndefined();
    expect(representationOf(answer(404, ['Content-Length', '5']))).toMatchObject({ status: 404, length: 5 });
  });

  it.each([
    ['a shorter range', 206, ['Content-Range', 'bytes 0-9/5000000']],
    ['a longer range', 206, ['Content-Range', 'bytes 0-19/10']],
    ['another range', 206, ['Content-Range', 'bytes 5-9/10']],
    ['an unknown length', 206, ['Content-Range', 'bytes 0-9/*']],
    ['a length beyond counting', 206, ['Content-Range', `bytes 0-${PIECE_SIZE - 1}/99999999999999999999`]],
    ['a length that its framing denies', 206, ['Content-Range', 'bytes 0-9/10', 'Content-Length', '9']],
    ['several parts', 206, ['Content-Type', 'multipart/byteranges; boundary=x']],
    ['nothing to satisfy', 416, ['Content-Range', 'bytes */0', 'Content-Length', '3']],
  ])('is nothing to build on: %s', (_, status, headers) => {
    expect(representationOf(answer(status, headers))).toBeUndefined();
  });

  it('is no part where none was asked for', () => {
    expect(representationOf(answer(206, ['Content-Range', 'bytes 0-9/10'], false))).toBeUndefined();
    expect(representationOf(answer(416, ['Content-Length', '3'], false))).toMatchObject({ status: 416, length: 3 });
  });

  it('has no body where its status has none', () => {
    expect(representationOf(answer(204, []))).toEqual({ status: 204, length: 0, partial: false });
  });
});
