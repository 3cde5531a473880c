import { once } from 'node:events';
import { WebSocket } from 'ws';
import { fingerprintOf, Identity } from '../../../src/engine/content/signature.ts';
import {
  type HandshakeFacts,
  handshakeText,
  joinProof,
  newNonce,
  PEER_DOMAIN,
  peerIdOf,
} from '../../../src/engine/protocol/handshake.ts';
import type { Challenge, Hello, ManagerMessage } from '../../../src/engine/protocol/messages.ts';
import { until } from './session-rig.ts';

/** A peer's end of a session that says whatever a test wants. */
export class RawPeer {
  readonly identity: Identity;
  readonly socket: WebSocket;
  readonly heard: ManagerMessage[] = [];
  closed: { code: number; reason: string } | undefined;

  constructor(
    url: string,
    options: { identity?: Identity; localAddress?: string; headers?: Record<string, string> } = {},
  ) {
    this.identity = options.identity ?? Identity.generate();
    const { localAddress, headers } = options;
    this.socket = new WebSocket(url, {
      ...(headers === undefined ? {} : { headers }),
      ...(localAddress === undefined ? {} : { localAddress }),
      perMessageDeflate: false,
    });
    this.socket.on('message', (data: Buffer) => this.heard.push(JSON.parse(data.toString()) as ManagerMessage));
    this.socket.on('close', (code, reason: Buffer) => {
      this.closed = { code, reason: reason.toString() };
    });
    this.socket.on('error', () => undefined);
  }

  get id(): string {
    return peerIdOf(this.identity.fingerprint);
  }

  async challenge(): Promise<Challenge> {
    return (await this.hears('challenge')) as Challenge;
  }

  /** Waits for a message of this type. */
  async hears(type: ManagerMessage['type']): Promise<ManagerMessage> {
    await until(`${type} is heard`, () => this.heard.some((one) => one.type === type) || this.closed !== undefined);
    const message = this.heard.find((one) => one.type === type);
    if (message === undefined) throw new Error(`closed instead of ${type}: ${JSON.stringify(this.closed)}`);
    return message;
  }

  async ends(): Promise<{ code: number; reason: string }> {
    await until('the session ends', () => this.closed !== undefined);
    return this.closed!;
  }

  /** An honest hello to this challenge, but for `overrides`. */
  hello(challenge: Challenge, overrides: Partial<Hello> = {}, token?: string): Hello {
    const facts: HandshakeFacts = {
      managerNonce: challenge.nonce,
      peerNonce: newNonce(),
      fingerprint: fingerprintOf(challenge.publicKey),
      peerId: this.id,
    };
    return {
      type: 'hello',
      protocol: 1,
      nonce: facts.peerNonce,
      id: this.id,
      publicKey: this.identity.publicKey,
      signature: this.identity.signText(PEER_DOMAIN, handshakeText(facts)),
      ...(token === undefined ? {} : { proof: joinProof('peer', token, facts) }),
      name: 'raw',
      version: '0',
      port: 9,
      tls: false,
      listensWide: true,
      addresses: [],
      capacity: 100,
      memory: 0,
      caps: {},
      draining: false,
      ...overrides,
    };
  }

  async join(overrides: Partial<Hello> = {}, token?: string): Promise<this> {
    this.say(this.hello(await this.challenge(), overrides, token));
    await this.hears('welcome');
    return this;
  }

  say(message: object): void {
    this.socket.send(JSON.stringify(message));
  }

  async close(): Promise<void> {
    if (this.socket.readyState === WebSocket.CLOSED) return;
    this.socket.terminate();
    if (this.closed === undefined) await once(this.socket, 'close');
  }
}
