import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { LiveHead } from '../load/live-head.ts';
import type { ContentRequest } from '../load/source.ts';

/** Where a client is sent instead of being answered here. */
export interface Redirection {
  /** Absolute URL on the chosen peer, potluck-rev included. */
  readonly location: string;
  /** The same on other peers that could serve it (RFC 6249, Link rel=duplicate). */
  readonly duplicates: readonly string[];
  /** Id of the chosen peer, for the log. */
  readonly peer: string;
}

/** The manager's balancer, as the data plane sees it. */
export interface Redirector {
  /** A peer for this download, or undefined where it is to be answered here. Synchronous: it stands on the path of every request. */
  choose(live: LiveHead, request: ContentRequest, secure: boolean, host: string): Redirection | undefined;
}

/** Answers one of Potluck's own paths (`/_potluck/...`) on the data port. It ends the response or throws a PotluckError. */
export type InternalHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
) => void | Promise<void>;

/** One line of the access log. */
export interface AccessLine {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly client: string;
  readonly method: string;
  readonly target: string;
  readonly status: number;
  /** Body bytes sent. */
  readonly bytes: number;
  /** Milliseconds from the parsed request to the last byte, or to the cut. */
  readonly duration: number;
  /** `hit`, `miss`, `stale`, `pass`, `redirect`, `stored`, `removed`, `internal`, `error`. */
  readonly cache: string;
  /** Peer that served it or that it was redirected to. */
  readonly peer?: string;
  readonly revision?: string;
  /** What the client wrote in `log-header`, at a store. */
  readonly log?: string;
  /** False where the response was cut before its end. */
  readonly complete: boolean;
}

/** Takes access lines; it must cost next to nothing. */
export interface AccessSink {
  record(line: AccessLine): void;
}

/** Which named groups exist. */
export interface Groups {
  has(name: string): boolean;
}

/** Who answers Potluck's own paths on the data port: by exact path, else by the first prefix that fits. */
export interface InternalHandlers {
  readonly exact: ReadonlyMap<string, InternalHandler>;
  readonly prefixes: readonly (readonly [prefix: string, handler: InternalHandler])[];
}

/**
 * Takes over a socket after `Upgrade: websocket` on one of Potluck's own paths. `head` are bytes that came behind the request.
 * A request with an Origin field never gets here.
 */
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
