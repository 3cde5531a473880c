import type { IncomingMessage } from 'node:http';
import { headerOf, type RawHeaders } from '../content/headers.ts';
import { PIECE_SIZE } from '../content/piece.ts';
import type { ContentRequest } from './source.ts';

/** A response of the origin whose head has come. */
export interface OriginAnswer {
  readonly request: ContentRequest;
  readonly response: IncomingMessage;
  readonly status: number;
  readonly headers: RawHeaders;
  /** Milliseconds since 1970. */
  readonly requestTime: number;
  readonly responseTime: number;
  /** Monotonic milliseconds at which the head had come. */
  readonly receivedAt: number;
  /** True where the first piece was asked for by a Range of ours. */
  readonly ranged: boolean;
  /** Number of the latest purge when the request was sent. */
  readonly purgesBefore: number;
  /** True where a request that changes the target went past on the way: what came may be older than that. */
  readonly outdated: boolean;
}

/** What an answer is an answer of. */
export interface Representation {
  /** The status that clients see: a 206 to our own Range is a 200 to them. */
  readonly status: number;
  /** Bytes of the complete body; undefined while unknown. */
  readonly length: number | undefined;
  /** True where only the first piece is on its way, and the rest can be had by ranges. */
  readonly partial: boolean;
}

const CONTENT_RANGE = /^bytes 0-(\d+)\/(\d+)$/;

/** Reads an answer; undefined for one that makes no sense as an answer to our Range: it is then asked for without. */
export function representationOf(answer: OriginAnswer): Representation | undefined {
  const { status, headers } = answer;
  if (status === 206) {
    const match = answer.ranged ? CONTENT_RANGE.exec(headerOf(headers, 'content-range') ?? '') : null;
    if (match === null) return undefined;
    const [last, length] = [Number(match[1]), Number(match[2])];
    // Less than was asked for is allowed, but then the first piece is not whole (RFC 9110 section 15.3.7).
    if (!Number.isSafeInteger(length) || last + 1 !== Math.min(PIECE_SIZE, length)) return undefined;
    const sent = headerOf(headers, 'content-length');
    if (sent !== undefined && Number(sent) !== last + 1) return undefined;
    return { status: 200, length, partial: last + 1 < length };
  }
  if (status === 416 && answer.ranged) return undefined; // an empty body has no first piece
  if (status === 204 || status === 304) return { status, length: 0, partial: false };
  const length = headerOf(headers, 'content-length');
  if (length === undefined || headerOf(headers, 'transfer-encoding') !== undefined) {
    return { status, length: undefined, partial: false };
  }
  return { status, length: Number(length), partial: false };
}
