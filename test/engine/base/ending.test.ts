import { describe, expect, it } from 'vitest';
import { Ending } from '../../../src/engine/base/ending.ts';
import { PotluckError } from '../../../src/engine/base/errors.ts';
import { CloseStack } from '../../../src/engine/base/lifecycle.ts';

/** A node with one download that runs, and a list of what happened to it. */
function aNode({ timeout = 0, closing = () => undefined }: { timeout?: number; closing?: () => void } = {}) {
  const happened: string[] = [];
  const download = Promise.withResolvers<void>();
  const stack = new CloseStack();
  stack.defer(() => {
    happened.push('closed');
    download.resolve(); // a closed socket ends what ran on it
    closing();
  });
  const drain = async () => {
    happened.push('draining');
    await download.promise;
    happened.push('drained');
  };
  const ended = (failure: PotluckError | undefined) => happened.push(failure === undefined ? 'ended' : failure.code);
  return { happened, download, ending: new Ending({ stack, drain, ended }, { timeout }) };
}

describe('the end of a node', () => {
  it('comes after the download that runs, however often it is asked for', async () => {
    const { happened, download, ending } = aNode();
    const both = [ending.drain(), ending.drain()];
    expect([ending.draining, ending.ended]).toEqual([true, false]);
    download.resolve();
    await Promise.all([...both, ending.done]);
    expect(happened).toEqual(['draining', 'drained', 'closed', 'ended']);
    expect(ending.ended).toBe(true);
  });

  it('comes at once in the middle of a drain, which then ends as well', async () => {
    const { happened, ending } = aNode();
    const drained = ending.drain();
    await Promise.all([ending.close(), ending.close(), ending.done]);
    await drained;
    expect(happened.filter((word) => word === 'closed')).toHaveLength(1);
  });

  it('does not wait for a download longer than it was told to', async () => {
    const { happened, ending } = aNode({ timeout: 0.02 });
    await ending.drain();
    expect(happened.slice(0, 2)).toEqual(['draining', 'closed']);
  });

  it('tells why the node could not go on, once', async () => {
    const { happened, ending } = aNode();
    ending.fail(new PotluckError('POTLUCK_PORT_IN_USE', 'port 8001'));
    ending.fail(new PotluckError('POTLUCK_INTERNAL'));
    await expect(ending.done).rejects.toThrow('port 8001');
    expect(happened).toEqual(['closed', 'POTLUCK_PORT_IN_USE']);
  });

  it('comes also where what runs cannot be drained', async () => {
    const { happened, download, ending } = aNode();
    const drained = ending.drain();
    download.reject(new Error('the network is gone'));
    await expect(drained).rejects.toThrow('the network is gone');
    await expect(ending.done).rejects.toMatchObject({ code: 'POTLUCK_INTERNAL' });
    expect(happened).toEqual(['draining', 'closed', 'POTLUCK_INTERNAL']);
  });

  it('tells what could not be closed, also to nobody in particular', async () => {
    const { ending } = aNode({
      closing: () => {
        throw new Error('the disk is gone');
      },
    });
    ending.leave(true);
    await expect(ending.done).rejects.toMatchObject({
      code: 'POTLUCK_INTERNAL',
      cause: { message: 'the disk is gone' },
    });
    expect(ending.ended).toBe(true);
  });
});
