import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Identity } from '../../../src/engine/content/signature.ts';
import type { FoundManager } from '../../../src/engine/discovery/found.ts';
import type { MulticastOptions } from '../../../src/engine/discovery/interfaces.ts';
import type { Announced } from '../../../src/engine/discovery/records.ts';
import { PROTOCOL_VERSION } from '../../../src/engine/protocol/paths.ts';

/** Below the ports that the kernel gives away by itself. */
const FIRST_PORT = 20_000;
const PORTS = 12_000;

/** Loopback on a UDP port of its own, so that tests that run beside each other, and the network, are not heard. */
export function ownMulticast(): MulticastOptions {
  return { interfaces: ['127.0.0.1'], port: FIRST_PORT + Math.floor(Math.random() * PORTS), group: '239.255.77.77' };
}

/** A health endpoint as a manager has it, on a port of its own. */
export class FakeManager {
  readonly identity = Identity.generate();
  readonly name: string;
  readonly tokenRequired: boolean;
  /** What it answers; undefined: it accepts and stays silent. */
  answer: object | string | undefined;
  probes = 0;
  readonly #server: Server;

  constructor(name: string, tokenRequired = false) {
    this.name = name;
    this.tokenRequired = tokenRequired;
    const { fingerprint, publicKey } = this.identity;
    this.answer = { role: 'manager', name, fingerprint, publicKey, protocol: PROTOCOL_VERSION, tokenRequired };
    this.#server = createServer((request, response) => {
      this.probes++;
      if (this.answer === undefined) return;
      response.statusCode = request.url === '/_potluck/health' ? 200 : 404;
      response.end(typeof this.answer === 'string' ? this.answer : JSON.stringify(this.answer));
    });
  }

  async start(port = 0, host = '127.0.0.1'): Promise<this> {
    await new Promise<void>((done, fail) => this.#server.once('error', fail).listen(port, host, done));
    return this;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get announced(): Announced {
    const { fingerprint } = this.identity;
    return { name: this.name, fingerprint, port: this.port, tls: false, tokenRequired: this.tokenRequired };
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    if (this.#server.listening) await new Promise((done) => this.#server.close(done));
  }
}

/** A manager as the finder shows it. */
export function found(name: string, changes: Partial<FoundManager> = {}): FoundManager {
  const { fingerprint, publicKey } = Identity.generate();
  const url = `http://10.0.0.1:11000`;
  return {
    name,
    fingerprint,
    publicKey,
    protocol: PROTOCOL_VERSION,
    tokenRequired: false,
    members: null,
    url,
    addresses: [],
    ...changes,
  };
}
