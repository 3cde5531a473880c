import type { RawHeaders } from './headers.ts';

/** What the policy of a stored response allows and demands (RFC 9111 section 5.2.2, RFC 5861). */
export interface HeadRules {
  /** no-cache without field names, or must be validated for another reason: never used without a successful validation. */
  readonly noCache: boolean;
  /** must-revalidate, proxy-revalidate or s-maxage: never used stale. */
  readonly mustRevalidate: boolean;
  /** stale-while-revalidate, seconds. */
  readonly staleWhileRevalidate: number;
  /** stale-if-error, seconds; undefined where the response does not say. */
  readonly staleIfError: number | undefined;
  /** True where the freshness was stated by the origin, false where it is heuristic or the default. */
  readonly explicit: boolean;
}

/**
 * What the manager says of an object. It crosses wires signed, as JSON; see signature.ts.
 * `fresh` and `age` are seconds as of the moment the head was issued; each holder counts on from there with its own monotonic clock.
 */
export interface Head {
  /** Name of the object: 32 hexadecimal digits. */
  readonly object: string;
  readonly group: string;
  readonly target: string;
  readonly vary: readonly (readonly [name: string, value: string])[];
  /** Name of this exact version: 32 hexadecimal digits. */
  readonly revision: string;
  readonly status: number;
  /** End-to-end fields as stored; without Age, Content-Length, Content-Range, and ETag where the origin sent none. */
  readonly headers: RawHeaders;
  /** Bytes of the complete body. */
  readonly length: number;
  readonly pieceSize: number;
  /** The origin's own entity tag, untouched; a strong one made from the revision where it sent none. */
  readonly etag: string;
  /** What ties the pieces together; `none` means that bytes that are gone cannot be fetched again. */
  readonly validator: 'etag' | 'date' | 'none';
  /** Whether the origin serves ranges of it; without, pieces come from one stream. */
  readonly ranges: boolean;
  /** Seconds of freshness left; negative: stale for that long. */
  readonly fresh: number;
  /** The Age of the response, seconds (RFC 9111 section 4.2.3). */
  readonly age: number;
  readonly rules: HeadRules;
  /** How often the group had been purged, of what concerns this target, when the bytes were fetched. */
  readonly generation: number;
  /** Raised by every update of this object; the higher one wins. */
  readonly serial: number;
  /** SHA-256 of the complete body, hexadecimal, once known. */
  readonly digest?: string;
}

/** A head on the wire: the exact text that was signed, so that nothing need be brought into a canonical form. */
export interface SignedHead {
  readonly payload: string;
  readonly key: string;
  readonly signature: string;
}
