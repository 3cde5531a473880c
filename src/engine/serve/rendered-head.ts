import type { Clock } from '../base/clock.ts';
import { formatHttpDate } from '../base/http-date.ts';
import { headerOf, type RawHeaders } from '../content/headers.ts';
import type { LiveHead } from '../load/live-head.ts';
import type { CacheState } from '../load/source.ts';
import { HEADS_PREFIX } from '../protocol/paths.ts';
import { cacheStatus } from './cache-status.ts';
import type { ResponseHead } from './response-head.ts';

/** What is kept in `LiveHead.rendered`. */
interface Kept {
  /** Monotonic milliseconds until when it holds: Age and ttl count in seconds. */
  readonly until: number;
  /** Of a whole answer from the cache. */
  readonly whole: ResponseHead;
}

/** Fields that are set here, whatever the origin sent in their place. */
const OURS = new Set(['accept-ranges', 'age', 'content-length', 'content-range']);

/** Fields of a representation that say nothing new to a client that has it (RFC 9110 section 15.4.5). */
const NOT_IN_304 = /^content-(?!location$|security)|^repr-digest$|^digest$/i;

/**
 * Serialises the heads of stored answers for `writeHead`, as flat lists. A whole answer from the cache is serialised once a second
 * and reused as it is: nobody may change a list that `whole` gave.
 */
export class HeadRenderer {
  readonly #clock: Clock;
  readonly #name: string;
  #second = Number.NaN;
  #dateText = '';

  /** `name`: this cache in Via and Cache-Status. */
  constructor(collaborators: { clock: Clock }, options: { name: string }) {
    this.#clock = collaborators.clock;
    this.#name = options.name;
  }

  /** Head of an answer with the complete body (or to HEAD), Content-Length included. */
  whole(live: LiveHead, cache: CacheState): ResponseHead {
    const now = this.#clock.monotonic();
    const { status } = live.head;
    if (!isPlainHit(cache)) return { status, fields: this.#whole(live, cache, now) };
    const kept = live.rendered as Kept | undefined;
    if (kept !== undefined && now < kept.until) return kept.whole;
    const whole: ResponseHead = { status, fields: this.#whole(live, cache, now), lasting: { made: undefined } };
    live.rendered = { until: now + untilNextSecond(live, now), whole } satisfies Kept;
    return whole;
  }

  #whole(live: LiveHead, cache: CacheState, now: number): string[] {
    const fields = this.#fields(live, cache, now);
    fields.push('Content-Length', String(live.head.length));
    return fields;
  }

  /** Fields of a 206, without Content-Length, Content-Range and, for several parts, Content-Type. */
  partial(live: LiveHead, cache: CacheState, parts: number): string[] {
    const fields = this.#fields(live, cache, this.#clock.monotonic());
    return parts === 1 ? fields : without(fields, (name) => name.toLowerCase() === 'content-type');
  }

  /** Fields of a 304. */
  notModified(live: LiveHead, cache: CacheState): string[] {
    return without(this.#fields(live, cache, this.#clock.monotonic()), (name) => NOT_IN_304.test(name));
  }

  #fields(live: LiveHead, cache: CacheState, now: number): string[] {
    const { head } = live;
    const fields = without(head.headers, (name) => OURS.has(name.toLowerCase()));
    if (headerOf(fields, 'etag') === undefined) fields.push('ETag', head.etag);
    const age = live.age(now);
    if (cache.hit || age > 0) fields.push('Age', String(Math.max(0, age)));
    if (head.digest !== undefined && head.status === 200 && headerOf(fields, 'repr-digest') === undefined) {
      fields.push('Repr-Digest', `sha-256=:${base64(head.digest)}:`);
    }
    // Where the signed hashes are, for those who verify what they get.
    if (head.status === 200) fields.push('Link', `<${HEADS_PREFIX}${head.object}/${head.revision}>; rel="describedby"`);
    fields.push('Accept-Ranges', 'bytes');
    const ttl = cache.hit ? Math.floor(live.freshness(now)) : undefined;
    this.#sign(fields, cacheStatus(this.#name, cache, ttl));
    return fields;
  }

  /** Fields of an answer that is not kept, or still arriving: what came, and who passed it on. `age`: seconds, where it was cached. */
  passed(headers: RawHeaders, cache: CacheState, age?: number): string[] {
    const fields = without(headers, (name) => age !== undefined && name.toLowerCase() === 'age');
    if (age !== undefined && (cache.hit || age > 0)) fields.push('Age', String(Math.floor(age)));
    this.#sign(fields, cacheStatus(this.#name, cache, cache.ttl));
    return fields;
  }

  /** Fields of an answer of our own making, without a body. */
  own(cache: CacheState): string[] {
    const fields: string[] = [];
    this.#sign(fields, cacheStatus(this.#name, cache, cache.ttl));
    return fields;
  }

  /** Formatted once a second. */
  #date(): string {
    const second = Math.floor(this.#clock.now() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#dateText = formatHttpDate(second * 1000);
    }
    return this.#dateText;
  }

  /** Via and Cache-Status come behind those of the hops before (RFC 9110 section 7.6.3, RFC 9211 section 2); Date where none came. */
  #sign(fields: string[], status: string): void {
    if (headerOf(fields, 'date') === undefined) fields.push('Date', this.#date());
    fields.push('Via', `1.1 ${this.#name}`, 'Cache-Status', status);
  }
}

/** True where nothing but the freshness left is to be said of a hit. */
function isPlainHit(cache: CacheState): boolean {
  return cache.hit && cache.detail === undefined && cache.fwdStatus === undefined && !cache.stored && !cache.collapsed;
}

/** Milliseconds until the Age that is sent changes. */
function untilNextSecond(live: LiveHead, now: number): number {
  const age = live.head.age * 1000 + (now - live.receivedAt);
  return 1000 - (((age % 1000) + 1000) % 1000);
}

function without(fields: RawHeaders, dropped: (name: string) => boolean): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    if (!dropped(fields[i] as string)) kept.push(fields[i] as string, fields[i + 1] as string);
  }
  return kept;
}

/** RFC 9530 wants base64 where heads have hexadecimal digits. */
export function base64(digest: string): string {
  return Buffer.from(digest, 'hex').toString('base64');
}
