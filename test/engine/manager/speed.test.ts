import { describe, expect, it } from 'vitest';
import { NO_LOAD, type NodeLoad, type PeerNode } from '../../../src/engine/manager/node.ts';
import { DEFAULT_SPEED, SpeedBook } from '../../../src/engine/manager/speed.ts';
import { MB, peerNode } from './fixtures.ts';

/** Plays load messages, one a second, into a book. */
function listen(book: SpeedBook, node: PeerNode, messages: readonly Partial<NodeLoad>[], from = 0): void {
  messages.forEach((load, i) => {
    node.load = { ...NO_LOAD, ...load };
    book.observe(node, from + i * 1_000);
  });
}

const idle = {};
const busyAt = (rate: number): Partial<NodeLoad> => ({ downloads: 2, uploadRate: rate, throughput: rate });

describe('how fast a peer is taken to be', () => {
  it('is the median of the others while nothing is known of it', () => {
    const book = new SpeedBook();
    const newcomer = peerNode('newcomer');
    expect(book.of(newcomer)).toEqual({ rate: DEFAULT_SPEED, least: 0 });
    const others = [10, 40, 90].map((rate, i) => {
      const node = peerNode(`other${i}`);
      listen(book, node, [idle, busyAt(rate * MB), busyAt(rate * MB)]);
      return node;
    });
    book.settle([...others, newcomer]);
    expect(book.of(newcomer)).toEqual({ rate: 40 * MB, least: 0 });
  });

  it('comes down to what was shown once downloads ran from one message to the next', () => {
    const book = new SpeedBook();
    const slow = peerNode('slow');
    listen(book, slow, [idle, busyAt(0.3 * MB)]); // the download may have begun a moment before the message
    expect(book.of(slow)).toEqual({ rate: DEFAULT_SPEED, least: 0.3 * MB });
    listen(book, slow, [busyAt(MB)], 2_000);
    expect(book.of(slow)).toEqual({ rate: MB, least: MB });
  });

  it('does not suffer from having had little to do', () => {
    const book = new SpeedBook();
    const quick = peerNode('quick');
    listen(book, quick, [idle, { requests: 9, throughput: 20_000, uploadRate: 20_000 }]); // nine small files, all done
    expect(book.of(quick)).toEqual({ rate: DEFAULT_SPEED, least: DEFAULT_SPEED });
  });

  it('learns nothing of the time between two messages that are far apart', () => {
    const book = new SpeedBook();
    const node = peerNode('node');
    listen(book, node, [busyAt(MB)]);
    listen(book, node, [busyAt(MB)], 60_000);
    expect(book.of(node).rate).toBe(DEFAULT_SPEED);
  });

  it('takes each message once, however often it looks', () => {
    const book = new SpeedBook();
    const node = peerNode('node');
    listen(book, node, [busyAt(MB)]);
    for (let at = 10; at < 2_000; at += 10) book.observe(node, at);
    expect(book.of(node).rate).toBe(DEFAULT_SPEED);
  });

  it('is forgiven slowly while it is idle', () => {
    const book = new SpeedBook();
    const slow = peerNode('slow');
    const fast = peerNode('fast');
    listen(book, fast, [idle, busyAt(100 * MB), busyAt(100 * MB)]);
    listen(book, slow, [idle, busyAt(MB), busyAt(MB)]);
    for (let second = 3; second < 63; second++) {
      listen(book, fast, [busyAt(100 * MB)], second * 1_000);
      book.settle([fast]);
      listen(book, slow, [idle], second * 1_000);
    }
    expect(book.of(slow).rate).toBeLessThan(10 * MB);
    for (let minute = 2; minute < 62; minute++) listen(book, slow, [idle], minute * 60_000);
    expect(book.of(slow).rate).toBeGreaterThan(90 * MB);
  });

  it('is not believed beyond what a desktop can have', () => {
    const book = new SpeedBook();
    const boaster = peerNode('boaster');
    listen(book, boaster, [{ throughput: 1e300 }]);
    expect(book.of(boaster).rate).toBe(12_500_000_000);
    listen(book, boaster, [{ throughput: -5, uploadRate: -5 }], 1_000);
    expect(book.of(boaster).rate).toBeGreaterThanOrEqual(0);
  });
});
