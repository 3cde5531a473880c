import type { Clock } from '../base/clock.ts';
import { PotluckError } from '../base/errors.ts';
import { formatHttpDate } from '../base/http-date.ts';
import { headerOf } from '../content/headers.ts';
import { cacheStatus } from '../serve/cache-status.ts';
import type { Representation } from '../serve/plan.ts';
import type { StoredObject } from '../store/object-store.ts';
import { fieldsOf } from './meta.ts';

/** Fields of a representation that say nothing new to a client that has it (RFC 9110 section 15.4.5). */
const NOT_IN_304 = /^content-(?!location$|security)|^repr-digest$|^digest$/i;

type CacheState = Parameters<typeof cacheStatus>[1];

const LAST_MODIFIED = /^last-modified:/im;
/** Dates that are kept formatted. */
const DATES = 4096;

/** The answer where there is no such object. */
export const MISS: CacheState = { hit: false, detail: 'not stored' };
const MISSED = Buffer.from(JSON.stringify(new PotluckError('POTLUCK_NOT_FOUND')));

/** A stored object as the rules of conditions and ranges see it, with the fields that are sent of it. */
export interface Shown extends Representation {
  readonly headers: string[];
  readonly etag: string | undefined;
  readonly length: number;
}

/** Makes the fields of answers. */
export class Renderer {
  readonly #clock: Clock;
  readonly #via: string;
  readonly #name: string;
  #second = 0;
  #date = '';
  readonly #dates = new Map<number, string>();

  /** `name`: this store in Via and Cache-Status, a token. */
  constructor(collaborators: { clock: Clock }, options: { name: string }) {
    this.#clock = collaborators.clock;
    this.#name = options.name;
    this.#via = `1.1 ${options.name}`;
  }

  /** Date of an answer; formatted once a second. */
  get date(): string {
    const second = Math.floor(this.#clock.now() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#date = formatHttpDate(second * 1000);
    }
    return this.#date;
  }

  /** The fields of a stored object, but for those that depend on what is sent of it. */
  show(object: StoredObject): Shown {
    const { length, meta, stored, expires } = object;
    const headers = fieldsOf(meta);
    const etag = headerOf(headers, 'etag');
    if (headerOf(headers, 'last-modified') === undefined) headers.push('Last-Modified', this.#lastModified(stored));
    headers.push('Accept-Ranges', 'bytes', 'Age', String(this.#age(stored)), 'Date', this.date);
    headers.push('Via', this.#via, 'Cache-Status', `${this.#name}; hit${this.#ttl(expires)}`);
    return { status: 200, headers, etag, length };
  }

  /** Status line and fields of an answer with the whole object, as they go over the wire on a connection that stays open; the same as `show` gives. */
  wholeHead({ length, meta, stored, expires }: StoredObject): string {
    const lines = meta.toString('latin1');
    const modified = LAST_MODIFIED.test(lines) ? '' : `Last-Modified: ${this.#lastModified(stored)}\r\n`;
    return (
      `HTTP/1.1 200 OK\r\n${lines}${modified}Accept-Ranges: bytes\r\nAge: ${this.#age(stored)}\r\nDate: ${this.date}\r\n` +
      `Via: ${this.#via}\r\nCache-Status: ${this.#name}; hit${this.#ttl(expires)}\r\n` +
      `Content-Length: ${length}\r\nConnection: keep-alive\r\n\r\n`
    );
  }

  /** What is sent where there is no such object, likewise. */
  missed(): { readonly head: string; readonly body: Buffer } {
    const status = cacheStatus(this.#name, MISS, undefined);
    const head =
      `HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nCache-Control: no-store\r\nDate: ${this.date}\r\n` +
      `Via: ${this.#via}\r\nCache-Status: ${status}\r\nContent-Length: ${MISSED.length}\r\nConnection: keep-alive\r\n\r\n`;
    return { head, body: MISSED };
  }

  #age(stored: number): number {
    return Math.max(0, Math.floor(this.#clock.now() / 1000) - stored);
  }

  #ttl(expires: number): string {
    return expires === 0 ? '' : `; ttl=${Math.max(0, expires - Math.ceil(this.#clock.now() / 1000))}`;
  }

  /** Formatting a date costs as much as all the rest of a head, and many objects are of the same second. */
  #lastModified(stored: number): string {
    const known = this.#dates.get(stored);
    if (known !== undefined) return known;
    if (this.#dates.size >= DATES) this.#dates.clear();
    const text = formatHttpDate(stored * 1000);
    this.#dates.set(stored, text);
    return text;
  }

  /** Fields of an answer of our own making. */
  own(cache: CacheState = { hit: false }): string[] {
    return ['Date', this.date, 'Via', this.#via, 'Cache-Status', cacheStatus(this.#name, cache, undefined)];
  }
}

/** The fields of a 304. */
export function notModified(headers: readonly string[]): string[] {
  const fields: string[] = [];
  for (let i = 0; i + 1 < headers.length; i += 2) {
    if (!NOT_IN_304.test(headers[i] as string)) fields.push(headers[i] as string, headers[i + 1] as string);
  }
  return fields;
}
