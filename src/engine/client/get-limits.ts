/** Every limit of a download by `get`, in one place. Times in milliseconds, sizes in bytes. */
export const GET_LIMITS = {
  /** Contiguous pieces asked for in one request, at most. */
  runPieces: 8,
  /** A run is about as long as its source sends in this time, so that a slow one never holds much that others wait for. */
  runTime: 1_000,
  /** Requests under way at one source, and at all of them. */
  perSource: 2,
  inAll: 8,
  /** Sources used at once. */
  sources: 8,
  /** A run that brings nothing for this long is open to other sources; it may still win. */
  stallAfter: 3_000,
  /** A run that brings nothing for this long is cut. */
  idleTimeout: 60_000,
  connectTimeout: 3_000,
  /** A cold object may need its origin first. */
  headersTimeout: 60_000,
  /** How long a source rests after its first failure; doubled with each further one. */
  rest: 250,
  maxRest: 4_000,
  /** Failures in a row after which a source is given up. */
  failures: 4,
  /** Times that the manager is asked again without a single piece having come in between. */
  lookups: 8,
  /** Times that the manager is asked for more sources while one brings everything. */
  companyLookups: 4,
  /** The manager is not asked more often than this. */
  lookupInterval: 500,
  /** Redirects of the origin's own that are followed. */
  redirects: 5,
  /** Times that a busy manager (429, 503) is asked again, and the longest wait it may ask for. */
  busyRetries: 5,
  busyWait: 5_000,
  /** Signed hashes in one answer; the wire allows no more. */
  hashesPerPage: 1_024,
  /** Largest JSON answer taken. */
  json: 4 * 1024 * 1024,
  /** Pieces that may wait for a reader of standard output. */
  window: 32,
  /** Pieces of one run that may wait for their hash to be known. */
  unverified: 8,
  /** How often a download looks at its clock. */
  tick: 250,
} as const;

export type GetLimits = { readonly [name in keyof typeof GET_LIMITS]: number };
