import type { RawHeaders } from '../content/headers.ts';
import type { Entry } from '../store/store.ts';
import type { LiveHead } from './live-head.ts';
import type { OriginStream } from './stream.ts';

/** A request for content, as the data plane hands it on: parsed, normalised, with nothing of HTTP's framing left. */
export interface ContentRequest {
  readonly method: 'GET' | 'HEAD';
  readonly group: string;
  /** Normalised; see content/target.ts. */
  readonly target: string;
  /** End-to-end fields of the request. */
  readonly headers: RawHeaders;
  /** The revision that the request names by potluck-rev. */
  readonly revision: string | undefined;
  /** Peers that turned it back. */
  readonly not: readonly string[];
  /** Remote address, without a zone; IPv4-mapped addresses as IPv4. */
  readonly client: string;
  /** Called for each 1xx response that the origin sends to this very request, to be passed on (RFC 9110 section 15.2). */
  readonly onInformation?: (status: number, headers: RawHeaders) => void;
}

/** How an answer came about, in the words of RFC 9211. */
export interface CacheState {
  readonly hit: boolean;
  /** Why the request was forwarded; undefined on a hit. */
  readonly fwd?: 'bypass' | 'method' | 'uri-miss' | 'vary-miss' | 'miss' | 'request' | 'stale' | 'partial';
  /** Status of the response to the forwarded request. */
  readonly fwdStatus?: number;
  readonly stored?: boolean;
  readonly collapsed?: boolean;
  /** Remaining freshness in seconds, may be negative. */
  readonly ttl?: number;
  readonly detail?: string;
}

/** A response that is handed through without being kept. */
export interface PassedResponse {
  readonly status: number;
  readonly headers: RawHeaders;
  /** Ends or errors; an error means that the response must not look complete. */
  readonly body: NodeJS.ReadableStream | undefined;
  readonly trailers?: () => RawHeaders;
}

export type Resolution =
  /** A representation of known length, whose pieces can be had one by one. */
  | { readonly kind: 'object'; readonly live: LiveHead; readonly cache: CacheState }
  /** A body that is still arriving: see stream.ts. Its length may be unknown. */
  | { readonly kind: 'stream'; readonly stream: OriginStream; readonly cache: CacheState }
  /** The answer is for this request alone. */
  | { readonly kind: 'pass'; readonly response: PassedResponse; readonly cache: CacheState }
  /** A peer that cannot answer sends the client back to the manager. */
  | { readonly kind: 'turn-back'; readonly location: string; readonly cache: CacheState };

/** Which reader wants a piece. `claim` says on whose behalf memory is taken. */
export interface Wanted {
  readonly claim: 'client' | 'member';
  readonly signal: AbortSignal;
}

/** Where the data plane gets answers from: the manager's shield and proxy, and the peer's loader, are its two kinds. */
export interface ContentSource {
  /** Answers at once where a fresh head is known. Throws or rejects with PotluckError. */
  resolve(request: ContentRequest, signal: AbortSignal): Resolution | Promise<Resolution>;

  /**
   * The object with which `resolve` would answer at once, as a fresh hit of which nothing else is to be said; undefined wherever it would do
   * anything else. Nothing has happened then: `resolve` can still be asked.
   */
  hit(request: ContentRequest): LiveHead | undefined;

  /**
   * Piece `index` of the object, with a reference held. At once where it is in memory. Rejects with POTLUCK_REVISION_GONE where these
   * bytes can no longer be had.
   */
  piece(live: LiveHead, index: number, wanted: Wanted): Entry | Promise<Entry>;

  /** Sets pieces from `index` to `last` on their way for a sequential reader, as far as memory allows. Never throws. */
  readAhead(live: LiveHead, index: number, last: number, signal: AbortSignal): void;

  /** Any other method: to the origin and back, streamed both ways (RFC 9110 section 9); what it invalidates is invalidated. */
  forward(request: ForwardedRequest, signal: AbortSignal): Promise<PassedResponse>;
}

export interface ForwardedRequest {
  readonly method: string;
  readonly group: string;
  readonly target: string;
  readonly headers: RawHeaders;
  readonly body: NodeJS.ReadableStream | undefined;
  readonly client: string;
  /** Called for each 1xx response but 101, to be passed on (RFC 9110 section 15.2). */
  readonly onInformation?: (status: number, headers: RawHeaders) => void;
}
