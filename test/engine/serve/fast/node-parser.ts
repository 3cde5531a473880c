import { createServer, type Server } from 'node:http';
import { Duplex } from 'node:stream';

/** What node:http made of some bytes. */
export interface NodeReading {
  readonly requests: { method: string; url: string; version: string; rawHeaders: string[]; body: string }[];
  readonly error: string | undefined;
}

/** A connection that delivers what it is given, and takes what is written. */
class Wire extends Duplex {
  override _read(): void {}
  override _write(_chunk: Buffer, _encoding: string, done: () => void): void {
    done();
  }
}

/** A server as the data port sets it up, which only notes what it reads. */
function noting(readings: NodeReading['requests']): Server {
  const server = createServer({ requireHostHeader: false, maxHeaderSize: 32 * 1024, keepAliveTimeout: 0 });
  server.maxHeadersCount = 0;
  server.on('request', (request, response) => {
    const reading = {
      method: request.method ?? '',
      url: request.url ?? '',
      version: request.httpVersion,
      rawHeaders: request.rawHeaders,
      body: '',
    };
    readings.push(reading);
    request.setEncoding('latin1').on('data', (text: string) => {
      reading.body += text;
    });
    response.end();
  });
  return server;
}

/** Gives bytes to node:http's parser, packet by packet; resolves when it has had a few turns of the event loop for them. */
export async function readByNode(...packets: readonly Buffer[]): Promise<NodeReading> {
  const requests: NodeReading['requests'] = [];
  let error: string | undefined;
  const server = noting(requests);
  for (const event of ['upgrade', 'connect', 'checkExpectation'] as const) {
    server.on(event, (request: { method?: string }) => {
      error ??= `${event} ${request.method}`;
    });
  }
  const wire = new Wire();
  wire.on('error', () => undefined);
  server.on('clientError', (thrown: NodeJS.ErrnoException) => {
    error ??= thrown.code ?? thrown.message;
  });
  server.emit('connection', wire);
  for (const packet of packets) {
    if (!wire.destroyed) wire.push(packet);
    await new Promise(setImmediate);
  }
  await new Promise(setImmediate);
  wire.destroy();
  return { requests, error };
}
