import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { Face } from '../double.ts';
import { parseResponses, type RawResponse } from '../raw.ts';

const BODIES: Record<string, Buffer> = {
  '/empty': Buffer.alloc(0),
  '/small': randomBytes(1000),
  '/medium': randomBytes(100_000),
  '/large': randomBytes(300_000),
  '/pieces': randomBytes(2500),
};
const DATES = ['Date', 'Thu, 01 Jan 2026 12:00:00 GMT', 'Last-Modified', 'Thu, 01 Jan 2026 00:00:00 GMT'];
export const get = (target: string, fields = ''): string => `GET ${target} HTTP/1.1\r\nHost: office\r\n${fields}\r\n`;
export const head = (target: string, fields = ''): string => get(target, fields).replace('GET', 'HEAD');

/** Objects of every kind that an answer can have. */
export function fill(face: Face): void {
  for (const [target, body] of Object.entries(BODIES)) {
    const pieceSize = target === '/pieces' ? 1000 : 1024 * 1024;
    face.source.put(target, body, { pieceSize, etag: '"v1"', headers: ['Content-Type', 'image/png', ...DATES] });
  }
  face.source.put('/wide', Buffer.from('x'), {
    headers: ['X-Name', 'caf\u00e9', 'Content-Encoding', 'gzip', ...DATES],
  });
  face.source.put('/unfit', Buffer.from('x'), { headers: ['X-Name', 'a\nb', ...DATES] });
  face.source.put('/gone', Buffer.from('x'), { status: 410, headers: DATES });
  face.source.put('/group', Buffer.from('of a group'), { group: 'g', headers: DATES });
  face.source.answers.set('g:/group', face.source.answers.get('/group') as never);
  face.source.answers.set('/late', (request) =>
    Promise.resolve(face.source.resolve({ ...request, target: '/small' }, new AbortController().signal)),
  );
}

/** What is to be the same on both ways: all but the seconds that passed. */
export function comparable({ status, headers, body }: RawResponse) {
  const fields = [...headers].map(([name, value]) => {
    if (name === 'age') return [name, '?'];
    return [name, name === 'cache-status' ? value.replace(/ttl=\d+/, 'ttl=?') : value];
  });
  return { status, fields, body };
}

/** A client on a raw socket that counts the answers. */
export class Client {
  readonly socket: Socket;
  readonly #methods: readonly string[];
  #text = '';

  constructor(socket: Socket, methods: readonly string[]) {
    this.socket = socket;
    this.#methods = methods;
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      this.#text += chunk.toString('latin1');
    });
  }

  responses(): RawResponse[] {
    return parseResponses(this.#text, this.#methods);
  }

  async has(count: number): Promise<void> {
    while (this.responses().length < count) await once(this.socket, 'data', { signal: AbortSignal.timeout(10_000) });
  }
}
