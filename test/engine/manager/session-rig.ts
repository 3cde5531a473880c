import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { AddressSet } from '../../../src/engine/base/address-set.ts';
import { systemClock } from '../../../src/engine/base/clock.ts';
import { silentLog } from '../../../src/engine/base/log.ts';
import { Identity } from '../../../src/engine/content/signature.ts';
import { Members } from '../../../src/engine/manager/members.ts';
import type { PeerNode } from '../../../src/engine/manager/node.ts';
import type { SessionHandlers } from '../../../src/engine/manager/peer-link.ts';
import { Reachability } from '../../../src/engine/manager/reachability.ts';
import { Registry } from '../../../src/engine/manager/registry.ts';
import { SessionServer, type SessionServerOptions } from '../../../src/engine/manager/session-server.ts';
import { Tickets } from '../../../src/engine/manager/tickets.ts';
import type { WireGroup } from '../../../src/engine/protocol/messages.ts';
import { SESSION_PATH } from '../../../src/engine/protocol/paths.ts';
import { MANAGER_PURGES, PurgeIndex } from '../../../src/engine/protocol/purges.ts';

/** Waits until something is so; fails with `what` after ten seconds. */
export async function until(what: string, holds: () => boolean, patience = 10_000): Promise<void> {
  const end = performance.now() + patience;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`it never came about that ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export interface TestManagerOptions extends Partial<SessionServerOptions> {
  readonly identity?: Identity;
  readonly port?: number;
  readonly handlers?: SessionHandlers;
  readonly purges?: PurgeIndex;
}

/** The session side of a manager, on a real port of 127.0.0.1. */
export class TestManager {
  readonly identity: Identity;
  readonly registry = new Registry({ clock: systemClock });
  readonly members = new Members({ registry: this.registry });
  readonly reachability = new Reachability({ registry: this.registry, log: silentLog }, { recheck: 300 });
  readonly purges: PurgeIndex;
  readonly sessions: SessionServer;
  readonly groups: WireGroup[] = [{ name: 'default', kind: 'mirror' }];
  readonly left: { node: PeerNode; reason: string }[] = [];
  readonly #http: Server;
  readonly #sockets = new Set<Socket>();
  readonly #port: number;

  constructor(options: TestManagerOptions = {}) {
    const { identity, port, handlers, purges, ...rest } = options;
    this.identity = identity ?? Identity.generate();
    this.#port = port ?? 0;
    this.purges = purges ?? new PurgeIndex({ max: MANAGER_PURGES });
    const { registry, members, reachability } = this;
    const tickets = new Tickets({ identity: this.identity, clock: systemClock });
    this.sessions = new SessionServer(
      {
        registry,
        members,
        reachability,
        tickets,
        identity: this.identity,
        purges: this.purges,
        clock: systemClock,
        log: silentLog,
        handlers: handlers ?? {},
      },
      {
        name: 'test manager',
        joinToken: undefined,
        advertiseAllow: new AddressSet([]),
        groups: () => this.groups,
        pieceSize: 1024 * 1024,
        ...rest,
      },
    );
    registry.observe((event) => {
      if (event.kind === 'left') this.left.push(event);
    });
    this.#http = createServer((_, response) => response.writeHead(404).end());
    this.#http.on('upgrade', (request, socket, head) => this.sessions.handleUpgrade(request, socket, head));
    this.#http.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  async start(): Promise<this> {
    await this.sessions.start();
    this.#http.listen(this.#port, '127.0.0.1');
    await once(this.#http, 'listening');
    return this;
  }

  get port(): number {
    return (this.#http.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get sessionUrl(): string {
    return `ws://127.0.0.1:${this.port}${SESSION_PATH}`;
  }

  async close(): Promise<void> {
    await this.sessions.close();
    await this.crash();
  }

  /** Ends without a goodbye. */
  async crash(): Promise<void> {
    this.reachability.close();
    this.members.close();
    for (const socket of this.#sockets) socket.destroy();
    if (this.#http.listening) await new Promise((resolve) => this.#http.close(resolve));
    await this.sessions.close();
  }
}
