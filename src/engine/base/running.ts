import type { Log } from './log.ts';

/** Where a node can be reached, as its ready line says it. */
export interface ReadyAddresses {
  /** URL of the data port, without a trailing slash: a LAN address where all interfaces are listened on. */
  readonly data: string;
  /** URL of the control port, without a trailing slash; undefined where it is off. */
  readonly control: string | undefined;
}

/** What a face is given besides its settings. */
export interface FaceOptions {
  readonly log: Log;
  /** Takes the lines of the access log; next to free while that is off. */
  readonly access: { record(line: object): void };
  /** Aborts a start that is still under way. Once the node runs, `drain` and `close` end it. */
  readonly signal: AbortSignal;
}

/** A manager or a peer that has started. */
export interface RunningNode {
  readonly ready: ReadyAddresses;
  /** Warm close: no new downloads, the running ones finish, then everything is closed. Resolves after that. Idempotent. */
  drain(): Promise<void>;
  /** Cold close: says goodbye and closes everything at once, also in the middle of a drain. Idempotent. */
  close(): Promise<void>;
  /** Reads the certificate files again. Throws where they cannot be used; the old ones then stay. */
  reload(): void;
  /** Settles when the node has ended, whoever ended it; rejects where it could not go on. */
  readonly done: Promise<void>;
}
