import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Assignment, PieceQueue } from '../../../src/engine/client/get-queue.ts';

const spanOf = (assignment: Assignment | undefined) => assignment && [assignment.first, assignment.end];

describe('the queue of pieces', () => {
  it('gives pieces out in order, each once', () => {
    const queue = new PieceQueue(5);
    expect(spanOf(queue.take('a', 2))).toEqual([0, 2]);
    expect(spanOf(queue.take('b', 2))).toEqual([2, 4]);
    expect(spanOf(queue.take('a', 2))).toEqual([4, 5]);
    expect(queue.take('b', 2)).toBeUndefined();
  });

  it('passes over what is done, and ends a run before it', () => {
    const queue = new PieceQueue(6);
    for (const index of [0, 3]) queue.finish(index);
    expect(spanOf(queue.take('a', 8))).toEqual([1, 3]);
    expect(spanOf(queue.take('a', 8))).toEqual([4, 6]);
  });

  it('keeps to the limit', () => {
    const queue = new PieceQueue(10);
    expect(spanOf(queue.take('a', 8, 3))).toEqual([0, 3]);
    expect(queue.take('a', 8, 3)).toBeUndefined();
    expect(spanOf(queue.take('a', 8, 4))).toEqual([3, 4]);
  });

  it('gives what a stalled source holds to others, but not to itself', () => {
    const queue = new PieceQueue(3);
    const stalled = queue.take('a', 3)!;
    queue.stall(stalled);
    queue.stall(stalled);
    expect(queue.take('a', 3)).toBeUndefined();
    expect(spanOf(queue.take('b', 3))).toEqual([0, 3]);
    queue.release(stalled);
    expect(queue.take('c', 3)).toBeUndefined();
  });

  it('takes back what a source did not bring', () => {
    const queue = new PieceQueue(4);
    const lost = queue.take('a', 4)!;
    queue.finish(1);
    queue.release(lost);
    queue.release(lost);
    expect(spanOf(queue.take('b', 4))).toEqual([0, 1]);
    expect(spanOf(queue.take('b', 4))).toEqual([2, 4]);
  });

  it('duplicates the later half of a run, and no piece twice over', () => {
    const queue = new PieceQueue(8);
    const slow = queue.take('slow', 8)!;
    queue.finish(0);
    queue.finish(1);
    expect(spanOf(queue.duplicate('fast', slow, 8))).toEqual([5, 8]);
    expect(spanOf(queue.duplicate('other', slow, 8))).toEqual([3, 5]);
    expect(queue.duplicate('slow', slow, 8)).toBeUndefined();
  });

  it('says of a piece only once that it is done', () => {
    const queue = new PieceQueue(2);
    expect([queue.finish(0), queue.finish(0), queue.finish(1)]).toEqual([true, false, true]);
    expect(queue.left).toBe(0);
  });

  it('always comes to an end, whatever sources do', () => {
    const moves = fc.array(
      fc.record({
        source: fc.constantFrom('a', 'b', 'c'),
        most: fc.integer({ min: 1, max: 4 }),
        brings: fc.integer({ min: 0, max: 4 }),
        fate: fc.constantFrom('release', 'stall', 'keep'),
      }),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 20 }), moves, (count, script) => {
        const queue = new PieceQueue(count);
        const done = new Set<number>();
        for (const { source, most, brings, fate } of script) {
          const given = queue.take(source, most);
          if (given === undefined) continue;
          for (let i = given.first; i < Math.min(given.end, given.first + brings); i++) {
            expect(queue.finish(i)).toBe(!done.has(i));
            done.add(i);
          }
          if (fate === 'release') queue.release(given);
          if (fate === 'stall') queue.stall(given);
        }
        for (const assignment of [...queue.assignments]) queue.release(assignment);
        for (let given = queue.take('z', 8); given !== undefined; given = queue.take('z', 8)) {
          for (let i = given.first; i < given.end; i++) expect(done.has(i)).toBe(false);
          for (let i = given.first; i < given.end; i++) done.add(i) && queue.finish(i);
          queue.release(given);
        }
        expect(queue.left).toBe(0);
        expect(done.size).toBe(count);
      }),
    );
  });
});
