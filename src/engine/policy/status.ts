/** RFC 9110 section 15.1: statuses that may be stored and given a heuristic freshness where the response does not forbid it. */
export const CACHEABLE_BY_DEFAULT: ReadonlySet<number> = new Set([
  200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501,
]);

/**
 * Those of them that are given freshness here when the origin states none. 206 stands for the 200 that it is a part of.
 * The others are rare, small and surprising when remembered.
 */
export const FRESH_BY_DEFAULT: ReadonlySet<number> = new Set([200, 203, 206, 301, 308, 404, 410]);

/** Statuses whose absence of content may end at any moment: freshness that nobody stated is kept short. */
export const GONE: ReadonlySet<number> = new Set([404, 410]);

/** Final statuses that RFC 9110 section 15 defines, and so what `must-understand` (RFC 9111 section 5.2.2.3) lets this cache store. */
export const UNDERSTOOD: ReadonlySet<number> = new Set([
  200, 201, 202, 203, 204, 205, 206, 300, 301, 302, 303, 305, 307, 308, 400, 401, 402, 403, 404, 405, 406, 407, 408,
  409, 410, 411, 412, 413, 414, 415, 416, 417, 421, 422, 426, 500, 501, 502, 503, 504, 505,
]);

/** True for a final status code (RFC 9110 section 15): 200 to 599. */
export function isFinal(status: number): boolean {
  return status >= 200 && status <= 599;
}
