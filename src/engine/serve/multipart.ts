import { randomBytes } from 'node:crypto';
import type { ByteRange } from '../policy/range.ts';

/** A stretch of an object's body with what is sent before it. */
export interface Part {
  readonly before: Buffer | undefined;
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
}

/** A body made of stretches of the object: what is sent, and how long it is in all. */
export interface Body {
  readonly parts: readonly Part[];
  readonly after: Buffer | undefined;
  /** Bytes. */
  readonly length: number;
}

/** The stretch of one range, or the whole. `end` exclusive. */
export function singleBody(start: number, end: number): Body {
  return { parts: [{ before: undefined, start, end }], after: undefined, length: end - start };
}

/** Several ranges as multipart/byteranges (RFC 9110 section 14.6). The boundary is 128 random bits: no body can contain it on purpose. */
export function multipartBody(
  ranges: readonly ByteRange[],
  length: number,
  mediaType: string | undefined,
): { body: Body; contentType: string } {
  const boundary = `potluck-${randomBytes(16).toString('hex')}`;
  const after = Buffer.from(`\r\n--${boundary}--\r\n`);
  let total = after.length;
  const parts = ranges.map(({ start, end }, i): Part => {
    const type = mediaType === undefined ? '' : `Content-Type: ${mediaType}\r\n`;
    const range = `Content-Range: bytes ${start}-${end}/${length}\r\n\r\n`;
    const before = Buffer.from(`${i === 0 ? '' : '\r\n'}--${boundary}\r\n${type}${range}`, 'latin1');
    total += before.length + end + 1 - start;
    return { before, start, end: end + 1 };
  });
  return { body: { parts, after, length: total }, contentType: `multipart/byteranges; boundary=${boundary}` };
}
