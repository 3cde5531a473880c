/** Counts of a data port since it started. */
export interface ServeStats {
  readonly requests: number;
  /** Requests answered from what was stored, redirects not counted. */
  readonly hits: number;
  readonly redirects: number;
  /** Answers with an error of ours. */
  readonly errors: number;
  /** Responses that were cut before their end. */
  readonly cut: number;
  /** Body bytes of content sent to clients. */
  readonly bytes: number;
  /** Content requests that are being answered now. */
  readonly running: number;
  /** Requests for Potluck's own paths; they are among `requests`. */
  readonly internal: number;
}

/** The same, being counted: plain additions on the path of a request. */
export class ServeCounters implements ServeStats {
  requests = 0;
  hits = 0;
  redirects = 0;
  errors = 0;
  cut = 0;
  bytes = 0;
  running = 0;
  internal = 0;
}

/** The words for the cache column of an access line. */
export type CacheWord = 'hit' | 'miss' | 'stale' | 'pass' | 'redirect' | 'stored' | 'removed' | 'internal' | 'error';
