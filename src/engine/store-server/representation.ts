import type { Clock } from '../base/clock.ts';
import { formatHttpDate } from '../base/http-date.ts';
import { headerOf } from '../content/headers.ts';
import { cacheStatus } from '../serve/cache-status.ts';
import type { Representation } from '../serve/plan.ts';
import type { StoredObject } from '../store/object-store.ts';
import { fieldsOf } from './meta.ts';

/** Fields of a representation that say nothing new to a client that has it (RFC 9110 section 15.4.5). */
const NOT_IN_304 = /^content-(?!location$|security)|^repr-digest$|^digest$/i;

/** A stored object as the rules of conditions and ranges see it, with the fields that are sent of it. */
export interface Shown extends Representation {
  readonly headers: string[];
  readonly etag: string | undefined;
  readonly length: number;
}

type CacheState = Parameters<typeof cacheStatus>[1];

/** Makes the fields of answers. */
export class Renderer {
  readonly #clock: Clock;
  readonly #via: string;
  readonly #name: string;
  #second = 0;
  #date = '';

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
    if (headerOf(headers, 'last-modified') === undefined) headers.push('Last-Modified', formatHttpDate(stored * 1000));
    const now = Math.floor(this.#clock.now() / 1000);
    const ttl = expires === 0 ? '' : `; ttl=${Math.max(0, expires - Math.ceil(this.#clock.now() / 1000))}`;
    headers.push('Accept-Ranges', 'bytes', 'Age', String(Math.max(0, now - stored)), 'Date', this.date);
    headers.push('Via', this.#via, 'Cache-Status', `${this.#name}; hit${ttl}`);
    return { status: 200, headers, etag, length };
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
