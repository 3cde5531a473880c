import { once } from 'node:events';
import { resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/help.ts';
import { collectText, type OwnedProcess } from '../support/process.ts';
import { canRun, createLan, type Lan } from './rig.ts';

const MANAGER = resolve(import.meta.dirname, 'manager-main.ts');
const FINDER = resolve(import.meta.dirname, 'finder-main.ts');

interface Seen {
  after: number;
  seen: { name: string; fingerprint: string; url: string; urls: string[] }[];
}

describe.runIf(canRun())('discovery across machines', () => {
  let lan: Lan;
  beforeEach(() => {
    const hosts = [
      { name: 'one' },
      { name: 'two', interfaces: 2 as const },
      { name: 'three', interfaces: 'second' as const },
    ];
    lan = createLan({ hosts });
  });
  afterEach(() => lan.close());

  async function manage(host: string, name: string): Promise<{ process: OwnedProcess; fingerprint: string }> {
    const started = lan.spawn(host, process.execPath, [MANAGER, name, '11000']);
    const [line] = (await once(started.child.stdout!, 'data')) as [Buffer];
    return { process: started, fingerprint: line.toString().trim() };
  }

  /** What a finder on a host sees now. */
  function find(host: string): () => Seen {
    const text = collectText(lan.spawn(host, process.execPath, [FINDER]).child.stdout);
    return () => JSON.parse(text().trim().split('\n').at(-1) || '{"after":0,"seen":[]}') as Seen;
  }

  const urlsOf = (seen: Seen) => seen.seen.map(({ urls }) => urls.toSorted());

  it('finds a manager with two interfaces from either network, each under the address that it can reach', async () => {
    await manage('two', 'Office');
    const [one, two, three] = [find('one'), find('two'), find('three')];
    await eventually(() => expect(urlsOf(one())).toEqual([[`http://${lan.address('two', 1)}:11000`]]));
    await eventually(() => expect(urlsOf(three())).toEqual([[`http://${lan.address('two', 2)}:11000`]]));
    const both = [1, 2].map((network) => `http://${lan.address('two', network as 1 | 2)}:11000`);
    await eventually(() => expect(urlsOf(two())).toEqual([both]));
    for (const seen of [one(), two(), three()]) expect(seen.after).toBeLessThan(3000);
  });

  it('lists two managers of one name, hears the goodbye of one and notices the crash of the other', async () => {
    const first = await manage('one', 'Office');
    const second = await manage('three', 'Office');
    const seen = find('two');
    await eventually(() => expect(seen().seen.map(({ name }) => name)).toEqual(['Office', 'Office']));
    expect(new Set(seen().seen.map(({ fingerprint }) => fingerprint))).toEqual(
      new Set([first.fingerprint, second.fingerprint]),
    );
    first.process.kill('SIGTERM');
    await eventually(
      () => expect(seen().seen.map(({ fingerprint }) => fingerprint)).toEqual([second.fingerprint]),
      3000,
    );
    second.process.kill('SIGKILL');
    await eventually(() => expect(seen().seen).toEqual([]), 15_000);
  });

  it('follows a cable that is pulled and put back, and a manager that moves to the other network', async () => {
    const { fingerprint } = await manage('two', 'Office');
    const one = find('one');
    const three = find('three');
    await eventually(() => expect(one().seen).toHaveLength(1));
    lan.linkDown('one');
    await eventually(() => expect(one().seen).toEqual([]), 20_000);
    lan.linkUp('one');
    await eventually(() => expect(one().seen).toMatchObject([{ fingerprint }]), 20_000);
    await eventually(() => expect(three().seen).toHaveLength(1));
    lan.interfaceDown('two', 2);
    await eventually(() => expect(three().seen).toEqual([]), 20_000);
    expect(one().seen).toHaveLength(1);
    lan.interfaceUp('two', 2);
    await eventually(() => expect(three().seen).toMatchObject([{ fingerprint }]), 20_000);
  });
});
