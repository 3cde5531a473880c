import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { canRun, createLan } from './rig.ts';

const RATE = 100e6 / 8;

describe.runIf(canRun())('the LAN of namespaces', () => {
  it('joins hosts, keeps networks apart, and leaves nothing behind', async () => {
    await using lan = createLan({
      hosts: [{ name: 'a' }, { name: 'b', interfaces: 2 }, { name: 'c', interfaces: 'second' }],
    });
    // A port where nobody listens answers at once that it refuses, if there is a way to it.
    const knock = `const s = require('node:net').connect(9, process.argv[1]);
      s.on('error', (e) => console.log(e.code)); setTimeout(() => s.destroy(), 1000).unref();`;
    const reach = async (from: string, address: string) =>
      (await lan.exec(from, process.execPath, ['-e', knock, address])).stdout === 'ECONNREFUSED\n';
    expect(await reach('a', lan.address('b'))).toBe(true);
    expect(await reach('c', lan.address('b', 2))).toBe(true);
    expect(await reach('a', lan.address('c', 2))).toBe(false);
    lan.linkDown('b');
    expect(await reach('a', lan.address('b'))).toBe(false);
    lan.linkUp('b');
    expect(await reach('a', lan.address('b'))).toBe(true);
    lan.interfaceDown('b');
    expect(await reach('a', lan.address('b'))).toBe(false);
    lan.interfaceUp('b');
    expect(await reach('a', lan.address('b'))).toBe(true);
    const sleeper = lan.spawn('a', 'sleep', ['600']);
    const names = ['a', 'b', 'c'].map((name) => lan.netns(name));
    await lan.close();
    await lan.close();
    expect((await sleeper.exited).signal).toBe('SIGKILL');
    const left = spawnSync('ip', ['netns', 'list'], { encoding: 'utf8' }).stdout;
    for (const name of names) expect(left).not.toContain(name);
  });

  it('shapes each link in both directions', async () => {
    await using lan = createLan({
      hosts: [{ name: 'a', rate: '100mbit' }, { name: 'b' }, { name: 'c', rate: '100mbit' }],
    });
    for (const [from, to] of [
      ['a', 'b'],
      ['b', 'a'],
      ['a', 'c'],
    ] as const) {
      const goodput = await lan.goodput(from, to);
      console.log(`goodput ${from} to ${to}: ${(goodput / 1e6).toFixed(2)} MB/s`);
      expect(goodput).toBeGreaterThan(0.85 * RATE);
      expect(goodput).toBeLessThan(1.02 * RATE);
    }
    expect(await lan.goodput('b', 'b')).toBeGreaterThan(2 * RATE);
  });
});
