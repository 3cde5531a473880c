import { createHash } from 'node:crypto';
import { createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A folder that goes away with its `using` scope, and at the latest with the process. */
export interface TempFolder extends Disposable {
  readonly path: string;
  remove(): void;
}

export function tempFolder(prefix = 'potluck-test-'): TempFolder {
  const path = mkdtempSync(join(tmpdir(), prefix));
  const remove = () => {
    folders.delete(remove);
    rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  };
  folders.add(remove);
  return { path, remove, [Symbol.dispose]: remove };
}
const folders = new Set<() => void>();
process.on('exit', () => {
  for (const remove of folders) remove();
});

/** Ports below the range that the kernel gives to outgoing connections, so that none of those takes it in between. */
const FIRST_PORT = 20_000;
const PORTS = 12_000;
const ATTEMPTS = 200;
const given = new Set<number>();

/** A TCP port that is free on all interfaces, and the next one with it (data and control port); never the same one twice. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = FIRST_PORT + 2 * Math.floor((Math.random() * PORTS) / 2);
    if (given.has(port)) continue;
    if ((await isFree(port)) && (await isFree(port + 1))) {
      given.add(port);
      return port;
    }
  }
  throw new Error('no free port was found');
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, () => server.close(() => resolve(true)));
  });
}

/**
 * Calls `fn` until it neither throws nor gives false, and returns what it gave. After `timeout` milliseconds the last error is thrown.
 */
export async function eventually<T>(
  fn: () => T | Promise<T>,
  timeout = 10_000,
  interval = 50,
): Promise<Exclude<T, false>> {
  const end = performance.now() + timeout;
  for (;;) {
    try {
      const value = await fn();
      if (value !== false) return value as Exclude<T, false>;
      if (performance.now() > end) throw new Error(`still not so after ${timeout} ms: ${fn.toString()}`);
    } catch (error) {
      if (performance.now() > end) throw error;
    }
    await sleep(interval);
  }
}

export interface Hashed {
  readonly status: number;
  readonly sha256: string;
  readonly bytes: number;
  /** The URL that answered, behind redirects. */
  readonly url: string;
}

const MAX_REDIRECTS = 5;

/** Reads a URL to its end without holding it; follows redirects. Rejects where the body ends early. */
export function sha256OfUrl(url: string, headers: Record<string, string> = {}, hops = MAX_REDIRECTS): Promise<Hashed> {
  return new Promise((resolve, reject) => {
    const request = get(url, { headers, agent: false }, (response) => {
      const { statusCode: status = 0 } = response;
      const { location } = response.headers;
      if (status >= 300 && status < 400 && location !== undefined && hops > 0) {
        response.resume();
        resolve(sha256OfUrl(new URL(location, url).href, headers, hops - 1));
        return;
      }
      const hash = createHash('sha256');
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        hash.update(chunk);
        bytes += chunk.length;
      });
      response.on('end', () => resolve({ status, sha256: hash.digest('hex'), bytes, url }));
      response.on('error', reject);
    });
    request.on('error', reject);
  });
}

/** SHA-256 of a file, hexadecimal. */
export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
