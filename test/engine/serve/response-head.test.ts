import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ResponseHead, writeHead } from '../../../src/engine/serve/response-head.ts';

const BODY = 'twelve bytes';
const lasting = (): ResponseHead => ({
  status: 200,
  fields: ['Content-Type', 'text/plain', 'X-Name', 'caf\u00e9', 'Content-Length', String(BODY.length)],
  lasting: true,
});

let server: Server;
let answer: (request: IncomingMessage, response: ServerResponse) => void;

beforeEach(async () => {
  server = createServer((request, response) => {
    response.sendDate = false;
    answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

/** Everything that comes back for these bytes until the connection is closed, or a while after the last answer. */
async function exchange(text: string, answers: number): Promise<string> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1').setEncoding('latin1');
  let got = '';
  const whole = () => got.split(BODY).length > answers;
  await new Promise<void>((done, fail) => {
    socket.on('data', (chunk) => {
      got += chunk;
      if (whole()) done();
    });
    socket.on('close', done).on('error', fail);
    socket.write(text);
  });
  socket.destroy();
  return got;
}

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const CLOSING = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
const OLD = 'GET / HTTP/1.0\r\n\r\n';
const OLD_STAYING = 'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n';

function replyWith(head: ResponseHead): void {
  answer = (request, response) => {
    writeHead(request, response, head);
    expect([response.headersSent, response.statusCode]).toEqual([true, head.status]);
    response.end(BODY, 'latin1');
  };
}

describe('a lasting head', () => {
  it('is the same text on the wire from the second time on', async () => {
    const head = lasting();
    replyWith(head);
    const first = await exchange(GET, 1);
    expect(head.text).toMatch(/^HTTP\/1\.1 200 OK\r\n.*\r\n\r\n$/s);
    expect(first).toBe(head.text + BODY);
    expect(first).toContain('X-Name: caf\u00e9\r\n');
    expect(await exchange(GET, 1)).toBe(first);
    expect(await exchange(GET.repeat(3), 3)).toBe(first.repeat(3)); // pipelined: two of them wait for their turn
  });

  it.each([
    ['is closed', CLOSING],
    ['is of HTTP/1.0', OLD],
    ['is of HTTP/1.0 and stays', OLD_STAYING],
  ])('is not used where the connection %s', async (_, request) => {
    const plain = { status: 200, fields: lasting().fields };
    replyWith(plain);
    const expected = await exchange(request, 1);
    const head = lasting();
    replyWith(head);
    expect(await exchange(request, 1)).toBe(expected);
    expect(head.text).toBeUndefined();
    await exchange(GET, 1);
    expect(head.text).toBeDefined();
    expect(await exchange(request, 1)).toBe(expected);
  });

  it('tells the client that a connection ends which was to stay', async () => {
    const head = lasting();
    replyWith(head);
    await exchange(GET, 1);
    answer = (request, response) => {
      response.shouldKeepAlive = false; // what a drain does
      writeHead(request, response, head);
      response.end(BODY, 'latin1');
    };
    expect(await exchange(GET, 1)).toMatch(/^Connection: close\r$/m);
  });

  it('goes out alone before a body in parts', async () => {
    const head = lasting();
    answer = (request, response) => {
      writeHead(request, response, head);
      response.write(Buffer.from(BODY.slice(0, 5)));
      response.end(Buffer.from(BODY.slice(5)));
    };
    const first = await exchange(GET, 1);
    expect(first).toBe(head.text + BODY);
    expect(await exchange(GET, 1)).toBe(first);
  });
});

describe('any other head', () => {
  it('is checked and written anew each time', async () => {
    const head: ResponseHead = { status: 200, fields: lasting().fields };
    replyWith(head);
    const first = await exchange(GET, 1);
    expect(await exchange(GET, 1)).toBe(first);
    expect(head.text).toBeUndefined();
    answer = (request, response) => {
      expect(() => writeHead(request, response, { status: 200, fields: ['X', 'a\nb'], lasting: true })).toThrow();
      response.end(BODY, 'latin1');
    };
    await exchange(GET, 1);
  });
});
