/**
 * What one client may ask of the data port. Times in milliseconds, sizes in bytes. All in one place, so that nobody has to look for
 * the number behind a refusal; a listener takes others in its options, for tests and for odd networks.
 */
export interface Limits {
  /** Request line and header fields together; more is 431. */
  readonly headerSize: number;
  /** Header fields of one request; more is 431. */
  readonly headerFields: number;
  /** From the first byte (or the connection) to the end of the header fields; longer is 408. */
  readonly headerTimeout: number;
  /** A kept-alive connection without a request is closed after this. */
  readonly idleTimeout: number;
  /** TLS handshakes that take longer are cut. */
  readonly handshakeTimeout: number;
  /** A client that takes no byte of what is there for it is cut after this; a body of which no byte arrives gets 408. */
  readonly stallTimeout: number;
  /** The same while somebody waits for memory. */
  readonly pressedStallTimeout: number;
  /** Connections in all; beyond, 503. */
  readonly connections: number;
  /** Connections of one client address; beyond, 503. */
  readonly connectionsPerClient: number;
  /** How long a refused connection is still read, so that the refusal is not lost in a reset. */
  readonly linger: number;
  /** How often connections are looked at for the time-outs above, while there are any. */
  readonly sweepInterval: number;
  /** How often node:http looks whether header fields take too long, connections or not: so much later than `headerTimeout` comes its 408. */
  readonly headerSweep: number;
}

export const DEFAULT_LIMITS: Limits = {
  headerSize: 32 * 1024,
  headerFields: 256,
  headerTimeout: 10_000,
  idleTimeout: 60_000,
  handshakeTimeout: 10_000,
  stallTimeout: 60_000,
  pressedStallTimeout: 10_000,
  connections: 8192,
  connectionsPerClient: 256,
  linger: 1000,
  sweepInterval: 1000,
  headerSweep: 5000,
};

/** Longest raw target whose parsed route is remembered: a cache of routes must not become a store of long URLs. */
export const REMEMBERED_TARGET = 512;

/** Routes remembered, twice over (two generations). */
export const REMEMBERED_ROUTES = 2048;

/** Longest request that the fast path reads, bytes, and the most fields: a browser's dozen take about one KiB. Others take the ordinary way. */
export const FAST_REQUEST = 8 * 1024;
export const FAST_FIELDS = 64;

/** Largest body that the fast path sends, bytes; larger ones are sent piece by piece. */
export const FAST_BODY = 256 * 1024;

/** Largest body that the fast path joins to its head from the second use within a second on, and what all of them may take, bytes. */
export const FAST_JOINED = 32 * 1024;
export const FAST_JOINED_ALL = 8 * 1024 * 1024;

/** Bodies up to this size are copied behind their head and leave in one buffer: measured, it is cheaper than a second one up to here. */
export const JOINED_BODY = 4 * 1024;

/** What Allow says; an origin may take fewer. */
export const ALLOWED = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';
