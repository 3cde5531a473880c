import type { Clock } from '../base/clock.ts';
import type { Service } from '../base/lifecycle.ts';
import type { Log } from '../base/log.ts';
import type { ManagerSettings } from '../base/settings.ts';
import { PIECE_SIZE, pieceLength } from '../content/piece.ts';
import type { Identity } from '../content/signature.ts';
import type { MemberClient } from '../load/members.ts';
import type { Throttle } from '../rate/throttle.ts';
import { Audit } from './audit.ts';
import { Balancer } from './balancer.ts';
import type { ManagerContent } from './content.ts';
import { PieceLocations } from './locations.ts';
import { Members } from './members.ts';
import { urlFor } from './peer-url.ts';
import type { PurgeLog } from './purge-log.ts';
import { Reachability } from './reachability.ts';
import { Registry } from './registry.ts';
import type { RequestLog } from './request-log.ts';
import { SessionServer } from './session-server.ts';
import { Strikes } from './strikes.ts';
import { Tickets } from './tickets.ts';

export interface FleetCollaborators {
  readonly identity: Identity;
  readonly content: ManagerContent;
  readonly members: MemberClient;
  readonly purges: PurgeLog;
  readonly requestLog: RequestLog;
  readonly upload: Throttle;
  readonly download: Throttle;
  readonly clock: Clock;
  readonly log: Log;
}

/** The peers of a manager: who they are, whether they are well, honest and used fairly, and what they hold. */
export class Fleet implements Service {
  readonly registry: Registry;
  readonly members: Members;
  readonly tickets: Tickets;
  readonly locations = new PieceLocations();
  readonly balancer: Balancer;
  readonly sessions: SessionServer;
  readonly strikes: Strikes;
  readonly #audit: Audit;
  readonly #reachability: Reachability;

  constructor(collaborators: FleetCollaborators, settings: ManagerSettings, options: { name: string }) {
    const { identity, content, purges, requestLog, upload, download, clock, log } = collaborators;
    const registry = new Registry({ clock });
    const strikes: Strikes = new Strikes({
      clock,
      log,
      setAside: (id, milliseconds, reason) => registry.setAside(id, milliseconds, reason),
      examine: (id, evidence) => this.#audit.examine(id, evidence),
    });
    this.registry = registry;
    this.strikes = strikes;
    this.members = new Members({ registry });
    this.tickets = new Tickets({ identity, clock });
    this.#reachability = new Reachability({ registry, log });
    this.#audit = new Audit({
      clock,
      log,
      truth: (live, index) => content.truth(live, index),
      node: (id) => registry.get(id),
      head: ({ object, revision }) => {
        const live = content.heads.byObject(object);
        return live?.head.revision === revision ? live : undefined;
      },
      lied: (node, evidence, how) => strikes.strike(node, evidence, how),
      readAsMember: async (node, live, index, signal) => {
        const bytes = Buffer.allocUnsafe(pieceLength(live.head.length, live.head.pieceSize, index));
        const query = { head: live.signedAt(clock.monotonic()), index, stored: true };
        await collaborators.members.piece(node.url, query, bytes, signal);
        return bytes;
      },
    });
    this.balancer = new Balancer(
      {
        registry,
        urlFor,
        ring: () => this.members.ring(),
        redirected: (node, live, location) => this.#audit.redirected(node, live, location),
      },
      { mode: settings.mode, redirectMin: settings.redirectMin, clock },
    );
    this.sessions = new SessionServer(
      {
        registry,
        members: this.members,
        reachability: this.#reachability,
        tickets: this.tickets,
        identity,
        purges,
        clock,
        log,
        handlers: {
          load: (node) => this.balancer.observe(node),
          access: (node, batch) => requestLog.batch(node.id, batch),
          have: (node, change) => this.locations.have(node.id, change),
          accuse: (node, evidence) => {
            const accused = registry.get(evidence.member);
            if (accused !== undefined) void strikes.accuse(node, accused, evidence);
          },
          heads: (_node, heads) => {
            for (const signed of heads) this.#readmit(content, signed);
          },
        },
      },
      {
        name: options.name,
        joinToken: settings.joinToken,
        advertiseAllow: settings.advertiseAllow,
        groups: () => groupsOf(settings),
        pieceSize: PIECE_SIZE,
        sent: upload,
        received: download,
      },
    );
    registry.observe((event) => {
      if (event.kind === 'joined') {
        this.locations.joined(event.node.id);
        strikes.joined(event.node);
      } else if (event.kind === 'left') this.locations.left(event.node.id);
    });
  }

  async start(): Promise<void> {
    await this.sessions.start();
    await this.#audit.start();
  }

  async close(): Promise<void> {
    await this.#audit.close();
    this.#reachability.close();
    await this.sessions.close();
    this.members.close();
  }

  /** A head that a peer held while this manager was away: signed by it before, so it may be believed, but it is stale. */
  #readmit(content: ManagerContent, signed: { payload: string; key: string; signature: string }): void {
    const head = content.verifier.openHead(signed);
    if (head === undefined || !content.maker.isCurrent(head)) return;
    content.shield.adopt(head);
  }
}

function groupsOf(settings: ManagerSettings) {
  const kinds = settings.groups.map(({ name, origin }) => ({
    name,
    kind: origin === undefined ? ('key-value' as const) : ('mirror' as const),
  }));
  return [{ name: 'default', kind: 'mirror' as const }, ...kinds];
}
