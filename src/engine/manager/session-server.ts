import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { type WebSocket, WebSocketServer } from 'ws';
import type { AddressSet } from '../base/address-set.ts';
import type { Clock } from '../base/clock.ts';
import { PotluckError } from '../base/errors.ts';
import type { Service } from '../base/lifecycle.ts';
import type { Log } from '../base/log.ts';
import type { Identity } from '../content/signature.ts';
import { peerFrames } from '../protocol/frames.ts';
import {
  DISCONNECT_AFTER,
  FRAME_TARGET,
  MAX_FRAMES_A_SECOND,
  MAX_PURGES_IN_FRAME,
  PING_INTERVAL,
} from '../protocol/limits.ts';
import type { ManagerMessage, PeerMessage, Purge, Welcome, WireGroup } from '../protocol/messages.ts';
import { CLOSE_GOING_AWAY, type Meter, SOCKET_OPTIONS, Wire } from '../protocol/wire.ts';
import { Doorkeeper, refuseUpgrade } from './doorkeeper.ts';
import { type Greeting, greet, Refusal } from './greeting.ts';
import { type Members, type MembersDiff, wireMember } from './members.ts';
import { loadOf, PeerLink, type SessionHandlers } from './peer-link.ts';
import type { Reachability } from './reachability.ts';
import type { Registry } from './registry.ts';
import type { Tickets } from './tickets.ts';

/** How often silence is looked for, milliseconds. */
const TICK = 200;
/** A refused join is answered this much later where the token was wrong: guessing is slow. Milliseconds. */
const GUESS_DELAY = 500;
/** Sockets have this long to close politely, milliseconds. */
const CLOSE_PATIENCE = 300;

export interface SessionServerCollaborators {
  readonly registry: Registry;
  readonly members: Members;
  readonly reachability: Reachability;
  readonly tickets: Tickets;
  readonly identity: Identity;
  /** The memory of purges (protocol/purges.ts). */
  readonly purges: { readonly last: number; since(number: number): Purge[] | undefined };
  readonly clock: Clock;
  readonly log: Log;
  readonly handlers: SessionHandlers;
}

export interface SessionServerOptions {
  /** The manager's name, for people. */
  readonly name: string;
  readonly joinToken: string | undefined;
  readonly advertiseAllow: AddressSet;
  /** The groups of the moment. */
  readonly groups: () => readonly WireGroup[];
  readonly pieceSize: number;
  readonly sent?: Meter | undefined;
  readonly received?: Meter | undefined;
  readonly limits?: { total?: number; perAddress?: number };
  /** Milliseconds; for tests. */
  readonly handshakeTimeout?: number;
  readonly disconnectAfter?: number;
}

type PeerWire = Wire<PeerMessage, ManagerMessage>;

/**
 * The manager's end of all sessions. Lets peers in, keeps the registry in step with what they say and with whether they say anything, and tells
 * all of them what has changed.
 */
export class SessionServer implements Service {
  readonly #with: SessionServerCollaborators;
  readonly #options: SessionServerOptions;
  readonly #server = new WebSocketServer({ noServer: true, clientTracking: false, ...SOCKET_OPTIONS });
  readonly #frames = peerFrames();
  readonly #door: Doorkeeper;
  readonly #links = new Map<string, PeerLink>();
  readonly #wires = new Set<PeerWire>();
  readonly #sockets = new Set<WebSocket>();
  #timer: NodeJS.Timeout | undefined;
  #pingAt = 0;
  #draining = false;
  #closed = false;

  constructor(collaborators: SessionServerCollaborators, options: SessionServerOptions) {
    this.#with = collaborators;
    this.#options = options;
    this.#door = new Doorkeeper(options.limits);
  }

  async start(): Promise<void> {
    this.#with.members.onDiff = (diff) => this.#tellMembers(diff);
    this.#timer ??= setInterval(() => this.#tick(), TICK).unref();
  }

  /** Says goodbye to all peers and closes their sessions. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#timer);
    this.broadcast({ type: 'bye', reason: 'the manager is leaving' });
    for (const wire of this.#wires) wire.end('the manager is leaving', CLOSE_GOING_AWAY);
    const end = performance.now() + CLOSE_PATIENCE;
    while (this.#sockets.size > 0 && performance.now() < end) await sleep(10);
    for (const socket of this.#sockets) socket.terminate();
    this.#server.close();
  }

  /** Takes over the socket of a WebSocket upgrade at SESSION_PATH. `head` are bytes that came behind the request. */
  readonly handleUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    let guest: { address: string; gone: () => void };
    try {
      if (this.#closed) throw new PotluckError('POTLUCK_DRAINING');
      guest = this.#door.admit(request);
    } catch (error) {
      refuseUpgrade(socket, error as PotluckError);
      return;
    }
    socket.once('close', guest.gone);
    socket.on('error', () => undefined); // the WebSocket tells, once there is one
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      this.#sockets.add(webSocket);
      webSocket.once('close', () => this.#sockets.delete(webSocket));
      void this.#meet(webSocket, guest.address, request);
    });
  };

  /** Sends to one peer; false where it has no session. */
  send(id: string, message: ManagerMessage): boolean {
    return this.#links.get(id)?.wire.send(message) ?? false;
  }

  /** Sends to all peers. */
  broadcast(message: ManagerMessage): void {
    for (const link of this.#links.values()) link.wire.send(message);
  }

  /** Tells the peers of a purge that the log has acknowledged. */
  purged(purge: Purge): void {
    this.broadcast({ type: 'purge', purge });
  }

  /** Tells the peers that the groups have changed. */
  groupsChanged(): void {
    this.broadcast({ type: 'groups', groups: [...this.#options.groups()] });
  }

  /** Tells the peers that the manager is about to leave. They keep their sessions until `close`; new ones are turned away. */
  drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    this.broadcast({ type: 'draining' });
  }

  /** From an open socket to a session, or to a refusal. Never rejects. */
  async #meet(socket: WebSocket, address: string, request: IncomingMessage): Promise<void> {
    const { clock, log } = this.#with;
    const wire: PeerWire = new Wire(
      { socket, frames: this.#frames, clock },
      { framesASecond: MAX_FRAMES_A_SECOND, sent: this.#options.sent, received: this.#options.received },
    );
    this.#wires.add(wire);
    socket.once('close', () => this.#wires.delete(wire));
    try {
      const greeting = await greet(wire, address, { ...this.#options, ...this.#handshake() });
      const secure = 'encrypted' in request.socket;
      const asker = { clientAddress: address, hostHeader: request.headers.host ?? '', secure };
      this.#admit(wire, address, asker, greeting);
    } catch (error) {
      const refusal = error instanceof Refusal ? error : undefined;
      log.info({ address, reason: (error as Error).message }, 'a session was refused');
      if (refusal === undefined) return wire.end((error as Error).message);
      if (refusal.code === 'POTLUCK_JOIN_REFUSED') await sleep(GUESS_DELAY, undefined, { ref: false });
      wire.send({ type: 'refused', code: refusal.code, message: refusal.message, retry: refusal.retry });
      wire.end(refusal.message);
    }
  }

  #handshake() {
    const timeout = this.#options.handshakeTimeout;
    return { identity: this.#with.identity, ...(timeout === undefined ? {} : { timeout }) };
  }

  /** Everything is proven: the peer becomes a member. Synchronous, so that two of the same id cannot both come in. */
  #admit(wire: PeerWire, remote: string, asker: PeerLink['asker'], greeting: Greeting): void {
    if (wire.ended !== undefined) throw new Error(wire.ended);
    if (this.#draining || this.#closed)
      throw new Refusal('POTLUCK_DRAINING', 'the manager is leaving', { retry: true });
    this.#replace(greeting.node.id, remote);
    const { registry, members, tickets, clock, reachability, log } = this.#with;
    const node = registry.add(greeting.node);
    // This session's first epoch is one that all others have been told; it is none of them yet, for its first message is the welcome.
    members.flush();
    const healthKey = randomBytes(32).toString('base64url');
    const link = new PeerLink({ node, wire, tickets, clock }, { remote, asker, healthKey, hello: greeting.hello });
    this.#links.set(node.id, link);
    wire.onEnd = (reason) => this.#left(link, reason);
    wire.onSign = () => registry.seen(node);
    wire.send(this.#welcome(link, greeting));
    log.info({ peer: node.id, name: node.name, url: node.url, version: greeting.hello.version }, 'a peer has joined');
    const watch = () =>
      reachability.watch(node, healthKey, (reason) => {
        wire.send(reason === undefined ? { type: 'reachable' } : { type: 'unreachable', reason });
      });
    // Before its first message the peer may not have read the welcome, and the key in it that proves who answers the check.
    let first = true;
    wire.receive((message) => {
      if (first) watch();
      first = false;
      this.#hear(link, message);
    });
  }

  /**
   * A peer that comes again takes its own place: the old connection may be half dead without knowing it. From another address only where the
   * old one has gone silent: else two machines share one identity, and would throw each other out for ever.
   */
  #replace(id: string, remote: string): void {
    const old = this.#links.get(id);
    if (old === undefined) return;
    if (old.remote !== remote && !this.#with.registry.isSilent(old.node)) {
      throw new Refusal(
        'POTLUCK_JOIN_REFUSED',
        `this peer's identity is in use from ${old.remote}; each machine needs its own`,
        {
          retry: true,
        },
      );
    }
    old.wire.drop('it was replaced by a newer session of the same peer');
  }

  #welcome(link: PeerLink, greeting: Greeting): Welcome {
    const { members } = this.#with;
    return {
      type: 'welcome',
      signature: greeting.signature,
      ...(greeting.proof === undefined ? {} : { proof: greeting.proof }),
      epoch: members.epoch,
      members: members.listFor(link.asker),
      groups: [...this.#options.groups()],
      ...link.ticket(),
      purges: this.#missed(greeting.hello.purged),
      url: link.node.url,
      pieceSize: this.#options.pieceSize,
      healthKey: link.healthKey,
    };
  }

  /** The purges that a peer has missed, if the memory reaches back that far and they fit. */
  #missed(known: number | undefined): Welcome['purges'] {
    const { purges } = this.#with;
    if (known === undefined) return { last: purges.last, reset: false, missed: [] };
    const missed = purges.since(known);
    const fits =
      missed !== undefined && missed.length <= MAX_PURGES_IN_FRAME && JSON.stringify(missed).length <= FRAME_TARGET;
    return fits ? { last: purges.last, reset: false, missed } : { last: purges.last, reset: true, missed: [] };
  }

  #left(link: PeerLink, reason: string): void {
    const { registry, reachability, log } = this.#with;
    if (this.#links.get(link.node.id) === link) this.#links.delete(link.node.id);
    reachability.forget(link.node);
    registry.remove(link.node, reason);
    log.info({ peer: link.node.id, name: link.node.name, reason }, 'a peer has left');
  }

  #hear(link: PeerLink, message: PeerMessage): void {
    const { registry, handlers } = this.#with;
    const { node } = link;
    switch (message.type) {
      case 'stats':
        registry.setLoad(node, loadOf(message.load), message.paused);
        handlers.load?.(node);
        break;
      case 'access':
        handlers.access?.(node, message);
        break;
      case 'have':
        handlers.have?.(node, message);
        break;
      case 'accuse':
        handlers.accuse?.(node, message);
        break;
      case 'heads':
        this.#takeHeads(link, message.heads);
        break;
      case 'resync':
        this.#resync(link);
        break;
      case 'drain':
        this.#drained(link);
        break;
      case 'bye':
        link.wire.end(`it said goodbye: ${message.reason}`, CLOSE_GOING_AWAY);
        break;
      case 'hello':
        link.wire.end('hello is said once');
    }
  }

  #takeHeads(link: PeerLink, heads: Parameters<NonNullable<SessionHandlers['heads']>>[1]): void {
    const taken = heads.slice(0, link.headsLeft);
    link.headsLeft -= taken.length;
    if (taken.length > 0) this.#with.handlers.heads?.(link.node, taken);
  }

  #resync(link: PeerLink): void {
    const { members } = this.#with;
    const epoch = members.flush();
    link.wire.send({ type: 'members', epoch, full: true, add: members.listFor(link.asker), remove: [] });
  }

  #drained(link: PeerLink): void {
    this.#with.registry.setDraining(link.node);
    link.wire.send({ type: 'drained-ok', epoch: this.#with.members.flush() });
  }

  #tellMembers(diff: MembersDiff): void {
    for (const { wire, asker } of this.#links.values()) {
      const add = diff.add.flatMap((member) => wireMember(member, asker));
      const told = new Set(add.map(({ id }) => id));
      const hidden = diff.add.map(({ node }) => node.id).filter((id) => !told.has(id)); // not to be reached from there
      wire.send({ type: 'members', epoch: diff.epoch, full: false, add, remove: [...diff.remove, ...hidden] });
    }
  }

  #tick(): void {
    const { registry, clock } = this.#with;
    const now = clock.monotonic();
    registry.tick();
    const ping = now >= this.#pingAt;
    if (ping) this.#pingAt = now + PING_INTERVAL;
    const limit = this.#options.disconnectAfter ?? DISCONNECT_AFTER;
    for (const link of this.#links.values()) {
      link.renew(now);
      if (ping) link.wire.ping();
      if (registry.isSilent(link.node) && now - link.node.lastSeen > limit)
        link.wire.drop(`nothing was heard of it for ${Math.round(limit / 1000)} s`);
    }
  }
}
