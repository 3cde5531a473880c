import { parseHttpDate } from '../base/http-date.ts';
import { headerOf, type RawHeaders } from './headers.ts';
import { name128 } from './key.ts';

/**
 * What ties pieces fetched at different times to one version of the bytes.
 * `etag`: a strong entity tag. `date`: a Last-Modified old enough to be strong (RFC 9110 section 8.8.2.2), with the length.
 * `none`: nothing; then every fetch is a version of its own.
 */
export type Validator =
  | { readonly kind: 'etag'; readonly etag: string }
  | { readonly kind: 'date'; readonly lastModified: string; readonly length: number }
  | { readonly kind: 'none'; readonly nonce: string };

/** A Last-Modified counts as strong when it is this much older than the response's Date, in milliseconds. */
export const STRONG_DATE_MARGIN = 60_000;

const STRONG_ETAG = /^"[\x21\x23-\x7e\x80-\xff]*"$/;

/** True for a well-formed strong entity tag (RFC 9110 section 8.8.3). */
export function isStrongEtag(etag: string): boolean {
  return STRONG_ETAG.test(etag);
}

/**
 * The validator of a response. `length` is the complete representation's, undefined while unknown; `nonce` is used where the
 * response has no validator of its own.
 */
export function validatorOf(headers: RawHeaders, length: number | undefined, nonce: string): Validator {
  const etag = headerOf(headers, 'etag');
  if (etag !== undefined && isStrongEtag(etag)) return { kind: 'etag', etag };
  const lastModified = headerOf(headers, 'last-modified');
  const modified = parseHttpDate(lastModified ?? '');
  const date = parseHttpDate(headerOf(headers, 'date') ?? '');
  if (lastModified === undefined || modified === undefined || date === undefined || length === undefined) {
    return { kind: 'none', nonce };
  }
  if (date - modified >= STRONG_DATE_MARGIN) return { kind: 'date', lastModified, length };
  return { kind: 'none', nonce };
}

/** 128-bit name of one exact version of one object: SHA-256 of key, content encoding, purge generation and validator, cut. */
export function revisionOf(version: {
  object: string;
  encoding: string;
  generation: number;
  validator: Validator;
}): string {
  const { validator } = version;
  const tie =
    validator.kind === 'etag'
      ? `etag ${validator.etag}`
      : validator.kind === 'date'
        ? `date ${validator.lastModified} ${validator.length}`
        : `none ${validator.nonce}`;
  return name128(`potluck/revision/1\n${version.object}\n${version.encoding}\n${version.generation}\n${tie}`);
}
