import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { parseHealth, probe } from '../../../src/engine/discovery/probe.ts';
import { FakeManager } from './managers.ts';

let manager: FakeManager;
afterEach(() => manager.close());
const never = new AbortController().signal;

describe('a probe', () => {
  it('finds a manager', async () => {
    manager = await new FakeManager('Office', true).start();
    const { fingerprint, publicKey } = manager.identity;
    expect(await probe(manager.url, never)).toEqual({
      manager: { name: 'Office', fingerprint, publicKey, protocol: 1, tokenRequired: true, members: null },
    });
  });

  it('takes nothing else for one', async () => {
    manager = await new FakeManager('Office').start();
    const good = manager.answer as object;
    const another = new FakeManager('x').identity;
    const bad = [
      'hello',
      '"hello"',
      'null',
      { ...good, role: 'peer' },
      { ...good, name: 7 },
      { ...good, fingerprint: another.fingerprint },
      { ...good, publicKey: another.publicKey },
      { ...good, publicKey: 'short' },
      { ...good, protocol: '1' },
      { ...good, tokenRequired: undefined },
      { ...good, padding: 'x'.repeat(20_000) },
    ];
    for (const answer of bad) {
      manager.answer = answer;
      expect([answer, await probe(manager.url, never)]).toEqual([answer, 'nobody']);
    }
    expect(await probe(`${manager.url}/elsewhere`, never)).toBe('nobody');
    await manager.close();
    expect(await probe(`http://127.0.0.1:1`, never)).toBe('nobody');
  });

  it('does not wait for the silent', async () => {
    manager = await new FakeManager('Office').start();
    manager.answer = undefined;
    expect(await probe(manager.url, never)).toBe('late');
    expect(await probe(manager.url, AbortSignal.timeout(50))).toBe('nobody');
  });

  it('shows names without control characters', async () => {
    manager = new FakeManager('x');
    const name = `evil\u001b[31m\n${'x'.repeat(500)}`;
    const health = parseHealth(JSON.stringify({ ...(manager.answer as object), name }));
    expect(health?.name).toMatch(/^evil \[31m x+$/);
    expect(health?.name).toHaveLength(120);
  });

  it('survives any answer', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => parseHealth(text) === undefined));
  });
});
