import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { ifRangeHolds, parseRange, precondition, type Range } from './http-rules.ts';
import type { Content, OriginEntry, OriginFile } from './origin-file.ts';

/** Bytes made and handed to the socket at a time. */
const CHUNK = 64 * 1024;
const BOUNDARY = 'potluck-origin-boundary';

/** Where one answer happens: the exchange, the file, and the counter of its bytes. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly entry: OriginEntry;
  count(bytes: number): void;
  /** True while a response of this file may still be broken off; asking uses one up. */
  mayBreak(): boolean;
}

/** A stretch of the body: literal bytes, or bytes of the content. */
type Part = Buffer | { readonly content: Content; readonly start: number; readonly end: number };

function sizeOf(part: Part): number {
  return Buffer.isBuffer(part) ? part.length : part.end - part.start;
}

/** Answers a GET or HEAD for a file, with conditions, ranges and whatever the file's knobs ask for. */
export async function replyWithFile(exchange: Exchange): Promise<void> {
  const { request, response, entry } = exchange;
  const { knobs } = entry;
  if (knobs.delayHead !== undefined) await sleep(knobs.delayHead);
  if (knobs.earlyHints !== undefined) response.writeEarlyHints({ link: knobs.earlyHints });
  if (knobs.redirect !== undefined) return redirect(exchange, knobs.redirect);
  const content = entry.content(variantOf(request), request);
  setFields(response, knobs, content);
  const verdict = knobs.status === undefined ? precondition(request.method ?? '', request.headers, content) : 200;
  if (verdict !== 200) return finish(response, verdict);
  const parts = chooseRange(exchange, content);
  if (parts === undefined) return finish(response, 416);
  await sendParts(exchange, parts);
}

function variantOf(request: IncomingMessage): Record<string, string> {
  return Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
}

function redirect({ request, response, entry }: Exchange, location: string): void {
  request.resume();
  response.setHeader('Location', location);
  for (const [name, value] of Object.entries(entry.knobs.headers ?? {})) response.setHeader(name, value);
  finish(response, entry.knobs.status ?? 302);
}

function finish(response: ServerResponse, status: number): void {
  response.statusCode = status;
  if (status !== 304) response.setHeader('Content-Length', 0);
  response.end();
}

function takesRanges(knobs: OriginFile): boolean {
  return knobs.ranges !== 'none' && (knobs.framing ?? 'length') === 'length' && knobs.status === undefined;
}

function setFields(response: ServerResponse, knobs: OriginFile, content: Content): void {
  const vary = [...(knobs.vary ?? []), ...(knobs.gzip === true ? ['Accept-Encoding'] : [])];
  const fields: Record<string, string | string[] | undefined> = {
    'Content-Type': knobs.contentType ?? 'application/octet-stream',
    'Accept-Ranges': takesRanges(knobs) ? 'bytes' : undefined,
    ETag: content.etag,
    'Last-Modified': content.lastModified?.toUTCString(),
    'Cache-Control': knobs.cacheControl,
    'Content-Encoding': content.encoding,
    Vary: vary.length > 0 ? vary.join(', ') : undefined,
    Trailer: knobs.trailers === undefined ? undefined : Object.keys(knobs.trailers).join(', '),
    ...knobs.headers,
  };
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) response.setHeader(name, value);
}

/** Status and range fields of the answer, and the stretches of its body; undefined for 416. */
function chooseRange({ request, response, entry }: Exchange, content: Content): Part[] | undefined {
  const { knobs } = entry;
  const { length } = content;
  response.statusCode = knobs.status ?? 200;
  const whole: Part[] = [{ content, start: 0, end: length }];
  const field = request.headers.range;
  if (field === undefined || request.method !== 'GET' || !takesRanges(knobs)) return whole;
  if (!ifRangeHolds(request.headers, content)) return whole;
  const ranges = parseRange(field, length);
  if (ranges === undefined || (ranges.length > 1 && knobs.ranges === 'single')) return whole;
  if (ranges.length === 0 || (ranges.length > 1 && knobs.ranges === 'refuse')) {
    response.setHeader('Content-Range', `bytes */${length}`);
    return undefined;
  }
  response.statusCode = 206;
  const named = knobs.contentRange ?? ((first, last) => `bytes ${first}-${last}/${length}`);
  if (ranges.length > 1) return multipart(response, content, ranges, named);
  const [[first, last]] = ranges as [Range];
  response.setHeader('Content-Range', named(first, last, length));
  return [{ content, start: first, end: last + 1 }];
}

/** RFC 9110 section 14.6. */
function multipart(
  response: ServerResponse,
  content: Content,
  ranges: readonly Range[],
  named: (first: number, last: number, length: number) => string,
): Part[] {
  const type = String(response.getHeader('content-type'));
  response.setHeader('Content-Type', `multipart/byteranges; boundary=${BOUNDARY}`);
  const parts: Part[] = ranges.flatMap(([first, last]) => {
    const range = named(first, last, content.length);
    const head = `\r\n--${BOUNDARY}\r\nContent-Type: ${type}\r\nContent-Range: ${range}\r\n\r\n`;
    return [Buffer.from(head), { content, start: first, end: last + 1 }];
  });
  return [...parts, Buffer.from(`\r\n--${BOUNDARY}--\r\n`)];
}

async function sendParts(exchange: Exchange, parts: readonly Part[]): Promise<void> {
  const { request, response, entry } = exchange;
  const { knobs } = entry;
  const length = parts.reduce((sum, part) => sum + sizeOf(part), 0);
  const framing = knobs.framing ?? 'length';
  if (framing === 'length') response.setHeader('Content-Length', length);
  if (framing === 'close') {
    response.useChunkedEncodingByDefault = false;
    response.setHeader('Connection', 'close');
  }
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  response.flushHeaders();
  const pace = new Pace(exchange);
  for (const part of parts) if (!(await sendPart(pace, part))) return;
  if (knobs.trailers !== undefined) response.addTrailers(knobs.trailers);
  response.end();
}

async function sendPart(pace: Pace, part: Part): Promise<boolean> {
  if (Buffer.isBuffer(part)) return pace.write(part.length, () => part);
  const reader = part.content.reader(part.start);
  for (let at = part.start; at < part.end; at += CHUNK) {
    if (!(await pace.write(Math.min(CHUNK, part.end - at), reader))) return false;
  }
  return true;
}

/** Writes chunk by chunk: delayed, at a rate, and no further than the file allows. */
class Pace {
  readonly #exchange: Exchange;
  readonly #began = performance.now();
  readonly #limit: number;
  readonly #breaks: boolean;
  #sent = 0;

  constructor(exchange: Exchange) {
    const { breakAfter, stallAfter } = exchange.entry.knobs;
    this.#exchange = exchange;
    this.#breaks = breakAfter !== undefined && exchange.mayBreak();
    this.#limit = (this.#breaks ? breakAfter : stallAfter) ?? Number.POSITIVE_INFINITY;
  }

  /** Sends the next `length` bytes; false when the answer ends here because the client left or the file says so. */
  async write(length: number, make: (length: number) => Buffer): Promise<boolean> {
    const { response } = this.#exchange;
    await this.#wait(length);
    if (response.destroyed) return false;
    const allowed = Math.min(length, this.#limit - this.#sent);
    if (allowed > 0) {
      this.#exchange.count(allowed);
      this.#sent += allowed;
      const taken = response.write(make(length).subarray(0, allowed));
      if (!taken && !(await drained(response))) return false;
    }
    if (allowed === length) return true;
    if (this.#breaks) await this.#breakOff();
    else await once(response, 'close');
    return false;
  }

  async #wait(length: number): Promise<void> {
    const { delayChunk, rate } = this.#exchange.entry.knobs;
    if (delayChunk !== undefined) await sleep(delayChunk);
    if (rate === undefined) return;
    const ahead = ((this.#sent + length) / rate) * 1000 - (performance.now() - this.#began);
    if (ahead > 0) await sleep(ahead);
  }

  /** Ends the connection behind the last byte, so that the client gets all of them and then an early end. */
  async #breakOff(): Promise<void> {
    const { socket } = this.#exchange.response;
    if (socket === null || socket.destroyed) return;
    await new Promise<void>((resolve) => socket.end(resolve));
    socket.destroy();
  }
}

/** True once the kernel has taken what was written; false when the connection went away first. */
function drained(response: ServerResponse): Promise<boolean> {
  return new Promise((resolve) => {
    const done = (taken: boolean) => {
      response.off('drain', onDrain);
      response.off('close', onClose);
      resolve(taken);
    };
    const onDrain = () => done(true);
    const onClose = () => done(false);
    response.once('drain', onDrain);
    response.once('close', onClose);
    if (response.destroyed) done(false);
  });
}
