import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { publicHalf, signFeed } from '../../../../scripts/feed-signing.ts';
import { INSTALLERS_PREFIX } from '../../../../src/engine/protocol/installers.ts';

export const FINGERPRINT = 'ab'.repeat(32);
export const { privateKey: KEY } = generateKeyPairSync('ed25519');
export const PUBLIC = publicHalf(KEY);
export const IMAGE = 'potluck-2.0.0-linux-x86_64.AppImage';
export const CONTENT = randomBytes(700_000);

/** A signed release in a folder. */
export async function makeRelease(
  folder: string,
  options: { version?: string; key?: KeyObject; content?: Buffer } = {},
): Promise<void> {
  const { version = '2.0.0', key = KEY, content = CONTENT } = options;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, IMAGE.replace('2.0.0', version)), content);
  await signFeed(folder, key, 'What is new');
}

/** Something that answers as a manager with `--installers` does, and misbehaves as a test wants it. */
export class FakeManager {
  fingerprint = FINGERPRINT;
  /** Cuts the connection after so many bytes of an installer, as often as there are numbers. */
  cuts: number[] = [];
  /** Sends so many bytes of an installer, as often as there are numbers, and waits for `cut()`. */
  parts: number[] = [];
  cut: () => void = () => undefined;
  /** Holds installers back until it is called off. */
  held = false;
  /** Answers to ranges like a server that has none. */
  noRanges = false;
  /** Says nothing, not even who it is, until it is released. */
  silent = false;
  readonly asked: string[] = [];
  /** Under which names it was asked. */
  readonly hosts: string[] = [];
  readonly #folder: string;
  readonly #server: Server;
  readonly #waiting: (() => void)[] = [];

  constructor(folder: string) {
    this.#folder = folder;
    this.#server = createServer((request, response) => {
      const range = request.headers.range;
      this.hosts.push(request.headers.host ?? '');
      this.asked.push(`${request.url}${range === undefined ? '' : ` ${range}`}`);
      const health = () => response.end(JSON.stringify({ fingerprint: this.fingerprint }));
      if (this.silent) this.#waiting.push(health);
      else if (request.url === '/_potluck/health') health();
      else this.#file(request.url ?? '', range, response);
    });
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get identity(): { url: string; fingerprint: string } {
    return { url: this.url, fingerprint: FINGERPRINT };
  }

  release(): void {
    this.held = false;
    this.silent = false;
    for (const go of this.#waiting.splice(0)) go();
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #file(url: string, range: string | undefined, response: ServerResponse): void {
    const path = join(this.#folder, url.slice(INSTALLERS_PREFIX.length));
    if (!statSync(path, { throwIfNoEntry: false })?.isFile()) {
      response.writeHead(404).end();
      return;
    }
    const whole = readFileSync(path);
    const start = this.noRanges ? 0 : Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
    const rest = whole.subarray(start);
    const fields = {
      'Content-Length': rest.length,
      'Content-Range': `bytes ${start}-${whole.length - 1}/${whole.length}`,
    };
    response.writeHead(start > 0 ? 206 : 200, fields);
    const part = url.endsWith('.AppImage') ? this.parts.shift() : undefined;
    if (part !== undefined) {
      response.write(rest.subarray(0, part));
      this.cut = () => response.destroy();
      return;
    }
    const cut = url.endsWith('.AppImage') ? this.cuts.shift() : undefined;
    if (cut !== undefined) response.write(rest.subarray(0, cut), () => setImmediate(() => response.destroy()));
    else if (this.held && url.endsWith('.AppImage')) this.#hold(response, rest);
    else response.end(rest);
  }

  #hold(response: ServerResponse, rest: Buffer): void {
    response.write(rest.subarray(0, 100_000));
    this.#waiting.push(() => response.end(rest.subarray(100_000)));
  }
}
