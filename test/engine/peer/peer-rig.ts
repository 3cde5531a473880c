import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../src/engine/base/clock.ts';
import type { PotluckError } from '../../../src/engine/base/errors.ts';
import { silentLog } from '../../../src/engine/base/log.ts';
import { Identity } from '../../../src/engine/content/signature.ts';
import type { Candidate, PeerFacts } from '../../../src/engine/peer/join.ts';
import { Membership } from '../../../src/engine/peer/membership.ts';
import { Outbox } from '../../../src/engine/peer/outbox.ts';
import { PinFile } from '../../../src/engine/peer/pin-file.ts';
import { PeerSession } from '../../../src/engine/peer/session.ts';
import type { PeerSessionCollaborators, PeerSessionOptions } from '../../../src/engine/peer/session-parts.ts';
import { peerIdOf } from '../../../src/engine/protocol/handshake.ts';
import type { Command, Purge, WireLoad } from '../../../src/engine/protocol/messages.ts';

export const IDLE: WireLoad = {
  downloads: 0,
  uploadRate: 0,
  downloadRate: 0,
  throughput: 0,
  served: 0,
  fetched: 0,
  requests: 0,
  hits: 0,
};

export interface TestPeerOptions extends PeerSessionOptions {
  readonly identity?: Identity;
  readonly facts?: Partial<PeerFacts>;
  readonly folder?: string;
  readonly candidates?: () => Promise<readonly Candidate[]>;
  readonly holdings?: PeerSessionCollaborators['holdings'];
  /** No data port: nobody answers health checks. */
  readonly mute?: boolean;
}

/** The session side of a peer, with a data port that answers health checks and nothing else. */
export class TestPeer {
  readonly identity: Identity;
  readonly id: string;
  readonly outbox = new Outbox();
  readonly membership: Membership;
  session!: PeerSession;
  pins!: PinFile;
  load: WireLoad = IDLE;
  paused: string | undefined;
  readonly purges: Purge[] = [];
  readonly commands: Command[] = [];
  readonly troubles: PotluckError[] = [];
  readonly unreachable: string[] = [];
  readonly groups: string[][] = [];
  joins = 0;
  resets = 0;
  drains = 0;
  url = '';
  #port = 0;
  readonly #options: TestPeerOptions;
  readonly #upstream: () => string;
  readonly #http: Server;
  #folder = '';

  constructor(upstream: string | (() => string), options: TestPeerOptions = {}) {
    this.#upstream = typeof upstream === 'string' ? () => upstream : upstream;
    this.#options = options;
    this.identity = options.identity ?? Identity.generate();
    this.id = peerIdOf(this.identity.fingerprint);
    const { outbox, id } = this;
    this.membership = new Membership({ clock: systemClock, log: silentLog, outbox }, { self: id });
    this.#http = createServer((request, response) => {
      const query = (request.url ?? '').split('?')[1] ?? '';
      response.end(JSON.stringify(this.session.health(query)));
    });
  }

  get port(): number {
    return this.#port;
  }

  async start(options: { signal?: AbortSignal } = {}): Promise<this> {
    this.#http.listen(0, '127.0.0.1');
    await once(this.#http, 'listening');
    this.#port = (this.#http.address() as AddressInfo).port;
    if (this.#options.mute === true) await new Promise((resolve) => this.#http.close(resolve));
    this.#folder = this.#options.folder ?? (await mkdtemp(join(tmpdir(), 'potluck-peer-')));
    this.pins = await PinFile.open(join(this.#folder, 'managers.json'), { clock: systemClock });
    this.session = this.#session();
    try {
      await this.session.start(options);
    } catch (error) {
      await this.close();
      throw error;
    }
    return this;
  }

  #session(): PeerSession {
    const { identity, pins, membership, outbox } = this;
    return new PeerSession(
      {
        identity,
        pins,
        membership,
        outbox,
        clock: systemClock,
        log: silentLog,
        whereabouts: {
          candidates: this.#options.candidates ?? (async () => [{ url: this.#upstream() }]),
          elsewhere: async () => [],
        },
        facts: () => ({
          name: 'test peer',
          version: '0.0.0',
          port: this.#port,
          tls: false,
          listensWide: true,
          capacity: 100,
          memory: 1e9,
          caps: {},
          ...this.#options.facts,
        }),
        collect: () => ({ load: this.load, paused: this.paused }),
        ...(this.#options.holdings === undefined ? {} : { holdings: this.#options.holdings }),
        observer: {
          joined: (welcome) => {
            this.joins++;
            this.url = welcome.url;
            this.groups.push(welcome.groups.map(({ name }) => name));
          },
          groups: (groups) => this.groups.push(groups.map(({ name }) => name)),
          trouble: (error) => this.troubles.push(error),
          missed: (purges) => this.purges.push(...purges),
          purge: (purge) => this.purges.push(purge),
          reset: () => this.resets++,
          unreachable: (reason) => this.unreachable.push(reason),
          managerDraining: () => this.drains++,
          command: (command) => this.commands.push(command),
        },
      },
      this.#options,
    );
  }

  async close(): Promise<void> {
    await this.session.close();
    this.#http.closeAllConnections();
    if (this.#http.listening) await new Promise((resolve) => this.#http.close(resolve));
    if (this.#options.folder === undefined && this.#folder !== '')
      await rm(this.#folder, { recursive: true, force: true });
  }
}
