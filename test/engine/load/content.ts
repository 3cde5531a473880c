import { systemClock } from '../../../src/engine/base/clock.ts';
import { silentLog } from '../../../src/engine/base/log.ts';
import { Identity, Verifier } from '../../../src/engine/content/signature.ts';
import type { Cluster } from '../../../src/engine/load/cluster.ts';
import { HeadMaker } from '../../../src/engine/load/head-maker.ts';
import { HeadTable } from '../../../src/engine/load/heads.ts';
import { Loader } from '../../../src/engine/load/loader.ts';
import { ManagerSource } from '../../../src/engine/load/manager-source.ts';
import { MemberClient } from '../../../src/engine/load/members.ts';
import { Origins } from '../../../src/engine/load/origin.ts';
import { Shield } from '../../../src/engine/load/shield.ts';
import { Throttle } from '../../../src/engine/rate/throttle.ts';
import { DataHandler } from '../../../src/engine/serve/handler.ts';
import { DataListener } from '../../../src/engine/serve/listener.ts';
import { MemoryStore } from '../../../src/engine/store/memory-store.ts';

/** A manager's content without its control: shield, loader and data plane over real sockets, and nobody to redirect to. */
export async function startContent(originUrl: string, options: { memory?: number; cacheTime?: number } = {}) {
  const clock = systemClock;
  const memory = options.memory ?? 64 * 1024 * 1024;
  const identity = Identity.generate();
  const store = new MemoryStore({}, { grant: memory, poison: true });
  const heads = new HeadTable({ bytes: 4 * 1024 * 1024 });
  const download = new Throttle({ clock });
  const upload = new Throttle({ clock });
  const generations = new Map<string, number>();
  const maker = new HeadMaker(
    { identity, clock, generations: { generation: (group, target) => generations.get(group + target) ?? 0 } },
    { cacheTime: options.cacheTime ?? 30 },
  );
  const origins = new Origins(
    { flow: download.flow('member') },
    { groups: new Map([['default', new URL(originUrl)]]), name: 'potluck-test' },
  );
  const revisions = new Map<string, string>();
  const changed = new Set<string>();
  const memoryOfRevisions = {
    observe(object: string, revision: string) {
      if ((revisions.get(object) ?? revision) !== revision) changed.add(object);
      revisions.set(object, revision);
    },
    mayResume: (object: string) => !changed.has(object),
    given: () => undefined,
  };
  const shield = new Shield(
    { store, heads, origins, maker, memory: memoryOfRevisions, arrived: () => undefined, clock, log: silentLog },
    { memory, caching: true },
  );
  const cluster: Cluster = {
    self: 'manager',
    manager: '',
    verifier: new Verifier(identity.publicKey),
    ticket: undefined,
    connected: true,
    disconnectedAt: undefined,
    owner: () => undefined,
    member: () => undefined,
    generation: (group, target) => generations.get(group + target) ?? 0,
    avoid: () => undefined,
    accuse: () => undefined,
    announce: () => undefined,
  };
  const members = new MemberClient({ flow: download.flow('member'), ticket: () => undefined });
  const access = {
    piece: (live: never, index: number, _exhausted: boolean, signal: AbortSignal) =>
      shield.pieces.piece(live, index, signal),
  };
  const loader = new Loader({ store, cluster, members, shield: access, clock, log: silentLog }, { readAhead: 8 });
  const source = new ManagerSource({ shield, loader });
  const handler = new DataHandler(
    {
      source,
      throttle: upload,
      groups: { has: () => false },
      own: { exact: new Map(), prefixes: [] },
      log: silentLog,
      clock,
    },
    { name: 'potluck-test' },
  );
  const listener = new DataListener({ handler, memory: store, log: silentLog, clock }, { host: '127.0.0.1', port: 0 });
  await listener.start();
  return {
    url: `http://127.0.0.1:${listener.address.port}`,
    store,
    heads,
    shield,
    origins,
    async close() {
      await listener.close();
      shield.close();
      origins.close();
      members.close();
      await store.close();
    },
  };
}
