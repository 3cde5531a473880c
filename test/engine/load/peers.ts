import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Clock, systemClock } from '../../../src/engine/base/clock.ts';
import { silentLog } from '../../../src/engine/base/log.ts';
import type { Cluster, Member, PieceName } from '../../../src/engine/load/cluster.ts';
import { HeadTable } from '../../../src/engine/load/heads.ts';
import { Loader } from '../../../src/engine/load/loader.ts';
import { MemberClient } from '../../../src/engine/load/members.ts';
import { PeerSource } from '../../../src/engine/load/peer-source.ts';
import { RemoteShield } from '../../../src/engine/load/remote-shield.ts';
import { PeerService } from '../../../src/engine/peer/member-service.ts';
import { PIECE_PATH } from '../../../src/engine/protocol/paths.ts';
import { Throttle } from '../../../src/engine/rate/throttle.ts';
import { DataHandler } from '../../../src/engine/serve/handler.ts';
import { DataListener } from '../../../src/engine/serve/listener.ts';
import { MemberRequests } from '../../../src/engine/serve/member-requests.ts';
import { MemoryStore } from '../../../src/engine/store/memory-store.ts';
import { eventually } from '../../support/help.ts';
import type { startContent } from './content.ts';

type Manager = Awaited<ReturnType<typeof startContent>>;

/** What a test decides of a peer's view of the cluster; it may change while the peer runs. */
export interface View {
  owner?: (piece: string) => string | undefined;
  connected?: boolean;
}

export interface PeerOptions {
  memory?: number;
  clock?: Clock;
}

/** All members by id, as every peer of a test sees them. */
export type Members = Map<string, Member>;

/** A peer's data plane over real sockets, joined to a manager's content, with the session and the ring in the test's hands. */
export async function startPeer(id: string, manager: Manager, members: Members, options: PeerOptions = {}) {
  const clock = options.clock ?? systemClock;
  const store = new MemoryStore({}, { grant: options.memory ?? 32 * 1024 * 1024, poison: true });
  const heads = new HeadTable({ bytes: 1024 * 1024 });
  const view: View = {};
  const events = { accused: [] as string[], avoided: [] as string[], announced: [] as PieceName[] };
  const cluster: Cluster = {
    self: id,
    manager: manager.url,
    verifier: manager.verifier,
    ticket: id,
    get connected() {
      return view.connected ?? true;
    },
    disconnectedAt: undefined,
    owner: (piece) => {
      const owner = view.owner?.(piece);
      return owner === undefined || owner === id ? undefined : members.get(owner);
    },
    member: (name) => members.get(name),
    generation: (group, target, tags) => manager.purges.generation(group, target, tags),
    avoid: (name) => events.avoided.push(name),
    accuse: (name) => events.accused.push(name),
    announce: ({ added }) => added && events.announced.push(added),
  };
  const throttle = new Throttle({ clock });
  const client = new MemberClient({ flow: throttle.flow('member'), ticket: () => cluster.ticket });
  const shield = new RemoteShield({ store, cluster, members: client, clock });
  const loader = new Loader({ store, cluster, members: client, shield, clock, log: silentLog }, { readAhead: 2 });
  const source = new PeerSource({ heads, loader, members: client, cluster, clock });
  const service = new PeerService({
    loader,
    store,
    clock,
    verifier: () => manager.verifier,
    ticketOf: (request) => request.headers.authorization?.split(' ')[1] ?? '',
  });
  const requests = new MemberRequests({ service, throttle });
  const handler = new DataHandler(
    {
      source,
      throttle,
      groups: { has: () => false },
      own: { exact: new Map([[PIECE_PATH, requests.piece]]), prefixes: [] },
      log: silentLog,
      clock,
    },
    { name: id },
  );
  const listener = new DataListener({ handler, memory: store, log: silentLog, clock }, { host: '127.0.0.1', port: 0 });
  await listener.start();
  const url = `http://127.0.0.1:${listener.address.port}`;
  members.set(id, { id, url, weight: 1 });
  return {
    id,
    url,
    store,
    heads,
    loader,
    source,
    view,
    events,
    /** Stops answering, as a machine does that was switched off. */
    stop: () => listener.close(),
    /** Whatever was taken of the store must have been given back. */
    async settled() {
      await eventually(() => {
        const { held, waiting } = store.stats();
        return held === 0 && waiting === 0;
      });
    },
    async close() {
      await listener.close();
      client.close();
      await store.close();
    },
  };
}

export type Peer = Awaited<ReturnType<typeof startPeer>>;

/** A member that answers as the test says. */
export async function startImpostor(id: string, members: Members, handler: RequestListener) {
  const server: Server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  members.set(id, { id, url: `http://127.0.0.1:${port}`, weight: 1 });
  return {
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
