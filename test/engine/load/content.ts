import { systemClock } from '../../../src/engine/base/clock.ts';
import { silentLog } from '../../../src/engine/base/log.ts';
import { Identity, Verifier } from '../../../src/engine/content/signature.ts';
import type { Cluster, PieceName } from '../../../src/engine/load/cluster.ts';
import { HeadMaker } from '../../../src/engine/load/head-maker.ts';
import { HeadTable } from '../../../src/engine/load/heads.ts';
import { Loader } from '../../../src/engine/load/loader.ts';
import { ManagerSource } from '../../../src/engine/load/manager-source.ts';
import { MemberClient } from '../../../src/engine/load/members.ts';
import { Origins } from '../../../src/engine/load/origin.ts';
import { applyPurge } from '../../../src/engine/load/purging.ts';
import { Shield } from '../../../src/engine/load/shield.ts';
import { ShieldService } from '../../../src/engine/manager/shield-service.ts';
import type { Purge } from '../../../src/engine/protocol/messages.ts';
import { HEAD_PATH, PIECE_PATH } from '../../../src/engine/protocol/paths.ts';
import { PurgeIndex } from '../../../src/engine/protocol/purges.ts';
import type { TicketChecker } from '../../../src/engine/protocol/ticket.ts';
import { Throttle } from '../../../src/engine/rate/throttle.ts';
import { DataHandler } from '../../../src/engine/serve/handler.ts';
import { DataListener } from '../../../src/engine/serve/listener.ts';
import { MemberRequests } from '../../../src/engine/serve/member-requests.ts';
import { MemoryStore } from '../../../src/engine/store/memory-store.ts';
import { agreeing } from './agreeing-source.ts';

export interface ContentOptions {
  memory?: number;
  cacheTime?: number;
  /** Which members hold a piece, by its id in the store; nobody where not given. */
  holders?: (id: string, except: string | undefined) => readonly string[];
}

/** A manager's content without its control: shield, loader and data plane over real sockets, and nobody to redirect to. */
export async function startContent(originUrl: string, options: ContentOptions = {}) {
  const clock = systemClock;
  const memory = options.memory ?? 64 * 1024 * 1024;
  const identity = Identity.generate();
  const store = new MemoryStore({}, { grant: memory, poison: true });
  const heads = new HeadTable({ bytes: 4 * 1024 * 1024 });
  const download = new Throttle({ clock });
  const upload = new Throttle({ clock });
  const purges = new PurgeIndex({ max: 100 });
  const maker = new HeadMaker({ identity, clock, generations: purges }, { cacheTime: options.cacheTime ?? 30 });
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
    generation: (group, target, tags) => purges.generation(group, target, tags),
    avoid: () => undefined,
    accuse: () => undefined,
    announce: () => undefined,
  };
  const members = new MemberClient({ flow: download.flow('member'), ticket: () => undefined });
  // The ticket of a member is its name.
  const tickets = { check: (authorization: string | undefined) => authorization?.split(' ')[1] ?? '' };
  const locations = {
    holders: ({ id }: PieceName, except: string | undefined) => options.holders?.(id, except) ?? [],
    given: () => undefined,
  };
  const service = new ShieldService({
    shield,
    store,
    locations,
    verifier: cluster.verifier,
    tickets: tickets as unknown as TicketChecker,
    clock,
  });
  const requests = new MemberRequests({ service, throttle: upload });
  const loader = new Loader({ store, cluster, members, shield: service.own, clock, log: silentLog }, { readAhead: 8 });
  const source = agreeing(new ManagerSource({ shield, loader }));
  const handler = new DataHandler(
    {
      source,
      throttle: upload,
      groups: { has: () => false },
      own: {
        exact: new Map([
          [HEAD_PATH, requests.head],
          [PIECE_PATH, requests.piece],
        ]),
        prefixes: [],
      },
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
    verifier: cluster.verifier,
    purges,
    /** As the control port does it. */
    purge(purge: Omit<Purge, 'number'>) {
      purges.apply({ ...purge, number: purges.last + 1 });
      return applyPurge({ heads, store }, purge);
    },
    async close() {
      await listener.close();
      shield.close();
      origins.close();
      members.close();
      await store.close();
      if (source.disagreements.length > 0)
        throw new Error(`hit and resolve differ: ${source.disagreements.join('; ')}`);
    },
  };
}
