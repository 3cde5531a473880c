import { describe, expect, it } from 'vitest';
import { type Joined, JoinedMessages } from '../../../../src/engine/serve/fast/joined-messages.ts';

describe('joined messages', () => {
  it('have head and body in one buffer of their own', () => {
    const kept: Joined = { message: undefined };
    const body = Buffer.from('body');
    new JoinedMessages(100).join(kept, 'caf\u00e9 ', body);
    body.fill('x');
    expect(kept.message?.toString('latin1')).toBe('caf\u00e9 body');
  });

  it('take no more than they may, the oldest go first', () => {
    const joined = new JoinedMessages(100);
    const kept = Array.from({ length: 10 }, (): Joined => ({ message: undefined }));
    for (const one of kept) joined.join(one, 'head', Buffer.alloc(26));
    expect(kept.map(({ message }) => message?.length)).toEqual([...Array(7).fill(undefined), 30, 30, 30]);
  });

  it('let one go by that is larger than all may be', () => {
    const joined = new JoinedMessages(10);
    const [large, small]: [Joined, Joined] = [{ message: undefined }, { message: undefined }];
    joined.join(large, 'head', Buffer.alloc(26));
    expect(large.message).toBeUndefined();
    joined.join(small, 'head', Buffer.alloc(1));
    expect(small.message?.length).toBe(5);
  });
});
