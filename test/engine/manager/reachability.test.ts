import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/engine/base/clock.ts';
import { silentLog } from '../../../src/engine/base/log.ts';
import { Reachability } from '../../../src/engine/manager/reachability.ts';
import { Registry } from '../../../src/engine/manager/registry.ts';
import { healthProof, newNonce } from '../../../src/engine/protocol/handshake.ts';
import { peerNode } from './fixtures.ts';
import { until } from './session-rig.ts';

const KEY = newNonce();

describe('a peer that has just joined', () => {
  let server: Server;
  let reachability: Reachability;
  let asked = 0;
  afterEach(() => {
    reachability.close();
    server.close();
    server.closeAllConnections();
  });

  /** What the manager tells a peer, in order, whose health answers carry what `proof` gives. */
  async function watch(proof: (id: string, nonce: string) => string | undefined, id?: string) {
    const registry = new Registry({ clock: new ManualClock() });
    asked = 0;
    server = createServer((request, response) => {
      asked++;
      const nonce = new URL(request.url as string, 'http://x').searchParams.get('nonce') as string;
      response.end(JSON.stringify({ role: 'peer', id: id ?? node.id, proof: proof(node.id, nonce) }));
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const node = registry.add({ ...peerNode('p'), url });
    const told: (string | undefined)[] = [];
    reachability = new Reachability({ registry, log: silentLog }, { recheck: 50 });
    reachability.watch(node, KEY, (reason) => told.push(reason));
    return { node, told };
  }

  it('and does not know its key yet is asked again, and nothing is said of it', async () => {
    const { node, told } = await watch((id, nonce) => (asked > 2 ? healthProof(KEY, id, nonce) : undefined));
    await until('it is reachable', () => node.reachable === 'yes');
    expect(asked).toBeGreaterThanOrEqual(3);
    expect(told).toEqual([undefined]);
  });

  it('and proves nothing for more than a second is not taken for it', async () => {
    const { node, told } = await watch(() => undefined);
    await sleep(300);
    expect(told).toEqual([]);
    await until('it is not', () => node.reachable === 'no');
    expect(told).toEqual([`another program answers at ${node.url}`]);
  });

  it('is not believed for a moment when another id or a wrong proof is given', async () => {
    const { node, told } = await watch(() => undefined, 'somebody else');
    await until('it is not', () => node.reachable === 'no');
    expect(told[0]).toContain('another program answers');
    reachability.close();
    server.close();
    const wrong = await watch((id, nonce) => healthProof(newNonce(), id, nonce));
    await until('it is not', () => wrong.node.reachable === 'no');
  });
});
