import { connect, type Socket } from 'node:net';
import { expect } from 'vitest';

export interface RawResponse {
  readonly status: number;
  readonly version: string;
  readonly headers: Map<string, string>;
  readonly body: string;
}

/** What came back on a raw connection. */
export interface RawResult {
  readonly responses: readonly RawResponse[];
  readonly text: string;
  readonly closed: boolean;
}

/** The responses in a text: enough of a parser for what a data port sends. `methods`: of the requests, as HEAD has no body. */
export function parseResponses(text: string, methods: readonly string[] = []): RawResponse[] {
  const responses: RawResponse[] = [];
  let final = 0;
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('\r\n\r\n', at);
    if (end === -1) break;
    const [line, ...fields] = text.slice(at, end).split('\r\n');
    const match = /^HTTP\/(1\.[01]) (\d{3}) /.exec(line as string);
    if (match === null) throw new Error(`not a status line: ${line}`);
    const headers = new Map(
      fields.map((field) => [field.split(':', 1)[0]!.toLowerCase(), field.replace(/^[^:]*: */, '')]),
    );
    const status = Number(match[2]);
    at = end + 4;
    let body = '';
    const bodiless = status < 200 || status === 204 || status === 304 || methods[final] === 'HEAD';
    if (status >= 200) final++;
    if (!bodiless && headers.get('transfer-encoding') === 'chunked') {
      for (;;) {
        const lineEnd = text.indexOf('\r\n', at);
        const size = Number.parseInt(text.slice(at, lineEnd), 16);
        if (lineEnd === -1 || Number.isNaN(size)) return responses; // not complete
        body += text.slice(lineEnd + 2, lineEnd + 2 + size);
        at = lineEnd + 2 + size + 2;
        if (size === 0) break;
      }
    } else if (!bodiless) {
      const length = headers.has('content-length') ? Number(headers.get('content-length')) : text.length - at;
      if (text.length - at < length) break;
      body = text.slice(at, at + length);
      at += length;
    }
    responses.push({ status, version: match[1] as string, headers, body });
  }
  return responses;
}

export interface RawOptions {
  /** Stop when so many final responses are complete; else when the server closes. */
  readonly responses?: number;
  readonly methods?: readonly string[];
  /** Half-close behind the last byte. */
  readonly end?: boolean;
  readonly timeout?: number;
  /** Sent one after the other, a turn of the event loop apart. */
  readonly pieces?: readonly string[];
}

export function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => resolve(socket));
    socket.once('error', reject);
  });
}

/** Sends exactly these bytes (Latin-1) and gathers what comes back. */
export async function raw(port: number, payload: string, options: RawOptions = {}): Promise<RawResult> {
  const socket = await open(port);
  let text = '';
  let closed = false;
  const done = new Promise<void>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`no answer within the time; got ${JSON.stringify(text.slice(0, 400))}`)),
      options.timeout ?? 10_000,
    );
    const finish = () => {
      clearTimeout(timer);
      resolve();
    };
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      const final = parseResponses(text, options.methods).filter((response) => response.status >= 200);
      if (options.responses !== undefined && final.length >= options.responses) finish();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      closed = true;
      finish();
    });
  });
  socket.write(payload, 'latin1');
  for (const piece of options.pieces ?? []) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (socket.writable) socket.write(piece, 'latin1');
  }
  if (options.end) socket.end();
  await done;
  socket.destroy();
  return { responses: parseResponses(text, options.methods), text, closed };
}

/** One hostile or odd request: what is sent, and what must come back. */
export interface OddRequest extends RawOptions {
  readonly name: string;
  readonly send: string;
  /** Final statuses, in order; the connection is closed behind them where `closes` is true, else it takes another request. */
  readonly answers: readonly number[];
  readonly closes: boolean;
  /** Must occur in what came back. */
  readonly says?: string;
  /** Must not occur. */
  readonly neverSays?: string;
}

/** Sends an odd request, behind a plain one where `before` is given, and where the connection must stay open another plain one; judges all answers. */
export async function expectAnswers(port: number, row: OddRequest, plain: string, before = ''): Promise<void> {
  const follow = row.closes ? '' : plain;
  const expected = [...(before && [200]), ...row.answers, ...(row.closes ? [] : [200])];
  const packets = row.pieces === undefined ? [row.send + follow] : [row.send, ...row.pieces, follow];
  const [first = '', ...pieces] = before === '' ? packets : [before, ...packets];
  const result = await raw(port, first, {
    pieces,
    ...(row.end && { end: true }),
    ...(row.closes ? {} : { responses: expected.length }),
  });
  const finals = result.responses.filter(({ status }) => status >= 200);
  expect(finals.map(({ status }) => status)).toEqual(expected);
  if (row.closes) expect(result.closed).toBe(true);
  if (row.says !== undefined) expect(result.text).toContain(row.says);
  if (row.neverSays !== undefined) expect(result.text).not.toContain(row.neverSays);
  for (const response of finals.filter(({ status }) => status >= 400 && status !== 403)) {
    expect(JSON.parse(response.body)).toMatchObject({ error: { code: expect.stringMatching(/^POTLUCK_/) } });
    expect(response.body).not.toMatch(/\bat .*:\d+/);
  }
}
