import type { RawHeaders } from '../content/headers.ts';
import type { Unparsed } from '../serve/listener.ts';

/** Longest request of this method that is read, bytes. */
const MOST = 8 * 1024;
const END = '\r\n\r\n';

/** Of a target only what RFC 3986 allows in a path and a query. */
const REQUEST_LINE = /^DEL (\/[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*) HTTP\/1\.1$/;

/** A name, a colon, one space or none, and visible characters with spaces between them: no tabs, nothing beyond ASCII, nothing at the end. */
const FIELD_LINE = /^([A-Za-z0-9-]+): ?([!-~](?:[ -~]*[!-~])?)$/;

/** Fields that say that something follows, or that another way is taken from here. */
const REFUSED = new Set(['transfer-encoding', 'expect', 'upgrade', 'te', 'trailer', 'proxy-connection', 'keep-alive']);

/** A request of the method DEL. */
export interface DelRequest {
  /** In origin form. */
  readonly target: string;
  readonly headers: RawHeaders;
}

/**
 * Reads a request of the method DEL, which node's parser refuses, from the bytes at which it stopped; undefined where it is anything
 * but one complete, plain head without a body and alone in these bytes. That they are the beginning of a message is not known from
 * them: see `isAtStart`.
 */
export function readDel(bytes: Buffer): DelRequest | undefined {
  if (bytes.length > MOST) return undefined;
  const text = bytes.toString('latin1');
  if (text.indexOf(END) !== text.length - END.length) return undefined;
  const [line = '', ...rest] = text.slice(0, -END.length).split('\r\n');
  const target = REQUEST_LINE.exec(line)?.[1];
  const headers = target === undefined ? undefined : readLines(rest);
  return target === undefined || headers === undefined ? undefined : { target, headers };
}

function readLines(lines: readonly string[]): string[] | undefined {
  const raw: string[] = [];
  const seen = new Set<string>();
  for (const line of lines) {
    const [, name = '', value = ''] = FIELD_LINE.exec(line) ?? [];
    const lower = name.toLowerCase();
    if (name === '' || seen.has(lower) || REFUSED.has(lower)) return undefined;
    if (lower === 'content-length' && value !== '0') return undefined;
    if (lower === 'connection' && !/^(?:keep-alive|close)$/i.test(value)) return undefined;
    seen.add(lower);
    raw.push(name, value);
  }
  return raw;
}

/**
 * True where node's parser stopped in the fourth byte of the method that these bytes begin with: it took three as the beginning of DELETE, as
 * it does at the start of a message only. The last bytes of a body before could mislead it (`DE` and a method that begins with L), so
 * the caller must also know that there was no body under way.
 */
export function isAtStart({ code, bytesParsed }: Unparsed): boolean {
  return code === 'HPE_INVALID_METHOD' && bytesParsed === 3;
}
