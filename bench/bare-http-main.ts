import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PseudoRandom } from '../test/support/pseudo-random.ts';

/**
 * The yardstick: node:http answering from memory with nothing of ours in between, a raw header array, no Date. Sizes by path as JSON in
 * the argument; prints its port.
 */
const CHUNK = 1024 * 1024;
const sizes = JSON.parse(process.argv[2] ?? '{}') as Record<string, number>;

interface Served {
  readonly head: string[];
  /** The body, in pieces of a MiB at most. */
  readonly chunks: readonly Buffer[];
}

const files = new Map(Object.entries(sizes).map(([path, size]): [string, Served] => [path, made(path, size)]));

function made(path: string, size: number): Served {
  const read = new PseudoRandom(path).reader(0);
  const chunks: Buffer[] = [];
  for (let at = 0; at < size; at += CHUNK) chunks.push(read(Math.min(CHUNK, size - at)));
  return { head: ['Content-Type', 'application/octet-stream', 'Content-Length', String(size)], chunks };
}

async function send(response: ServerResponse, { head, chunks }: Served): Promise<void> {
  response.sendDate = false;
  response.writeHead(200, head);
  for (const chunk of chunks.slice(0, -1)) {
    if (!response.write(chunk)) await Promise.race([once(response, 'drain'), once(response, 'close')]);
    if (response.destroyed) return;
  }
  response.end(chunks.at(-1));
}

const server = createServer((request, response) => {
  const file = files.get(request.url ?? '');
  if (file === undefined) response.writeHead(404).end();
  else if (file.chunks.length === 1) {
    response.sendDate = false;
    response.writeHead(200, file.head);
    response.end(file.chunks[0]);
  } else void send(response, file);
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
