import type { AddressSet } from './address-set.ts';

/** Where to listen. No host: all interfaces. Port 0: a free one is picked. */
export interface Endpoint {
  /** Name or address, IPv6 without brackets. */
  readonly host: string | undefined;
  readonly port: number;
}

/** A named mirror; without an origin it is a key-value group. */
export interface GroupSetting {
  readonly name: string;
  /** Base URL, without a trailing slash. */
  readonly origin: string | undefined;
}

/** Files of the certificate chain and its key, PEM. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';

/** Where log lines go: a file (absolute path), standard error, or nowhere. */
export type LogTarget = { readonly file: string } | 'stderr' | 'off';

/** What a headless program can be. */
export type Face = 'manager' | 'peer' | 'store';

/** What every face knows. All values are validated; sizes in bytes, rates in bytes a second, times in seconds. */
export interface FaceSettings {
  readonly listen: Endpoint;
  /** Undefined: no control port. */
  readonly control: Endpoint | undefined;
  readonly token: string | undefined;
  readonly viewerToken: string | undefined;
  readonly user: string | undefined;
  /** PHC string of scrypt; see control/password.ts. */
  readonly passwordHash: string | undefined;
  readonly memory: number;
  /** 0: no disk tier. Undefined: the default, which depends on the disk; see store/disk-grant.ts. */
  readonly disk: number | undefined;
  /** The disk tier keeps an object from its so manieth request or PUT on. */
  readonly admitAfter: number;
  readonly uploadCap: number | undefined;
  readonly downloadCap: number | undefined;
  /** Absolute path of the state folder; it need not exist yet. */
  readonly state: string;
  readonly log: LogTarget;
  readonly logLevel: LogLevel;
  readonly accessLog: LogTarget;
  readonly tls: TlsFiles | undefined;
  /** 0: a warm close takes as long as it takes. */
  readonly drainTimeout: number;
}

/** What a manager and a peer know beside that. */
export interface NodeSettings extends FaceSettings {
  /** Proven when joining, never sent. */
  readonly joinToken: string | undefined;
  readonly cacheEnabled: boolean;
  readonly location: string | undefined;
  readonly capacity: number;
  readonly mdns: boolean;
}

export interface ManagerSettings extends NodeSettings {
  readonly face: 'manager';
  /** Base URL of the default group's origin, without a trailing slash. */
  readonly mirror: string | undefined;
  readonly groups: readonly GroupSetting[];
  readonly mode: 'redirect' | 'proxy';
  readonly redirectMin: number;
  /** Seconds. Only the manager decides what is fresh. */
  readonly cacheTime: number;
  /** Addresses that may read `/nodes` (and later register) without a token. */
  readonly registryFrom: AddressSet;
  /** Addresses that peers may name for themselves. */
  readonly advertiseAllow: AddressSet;
  /** Absolute path of the folder whose installers and update feed are offered on the data port. */
  readonly installers: string | undefined;
}

/** Where announcements are heard; empty for wherever there is a network. */
export interface NetworkChoice {
  /** Names or addresses of the only interfaces to use; all but loopback where not given. Loopback is used only when named here. */
  readonly interfaces?: readonly string[];
  /** UDP port and IPv4 group, instead of 5353 and 224.0.0.251 (RFC 6762 section 3). */
  readonly port?: number;
  readonly group?: string;
}

export interface PeerSettings extends NodeSettings {
  readonly face: 'peer';
  /** Base URL of the manager's data port, without a trailing slash; undefined: found by mDNS. */
  readonly upstream: string | undefined;
  /** Fingerprint that this manager must have, where the caller knows it: from a join link, or from a list that a person chose from. */
  readonly upstreamKey?: string;
  /**
   * While no manager can be joined at the start: `fail` (where not given) rejects, `try` answers at once and goes on trying. What will not pass
   * by itself, as a wrong join token, ends the start or the peer either way.
   */
  readonly persist?: 'fail' | 'try';
  /**
   * Where nobody answers at `upstream`, or somebody with another key, the manager with the key that is known is looked for on these networks, by
   * mDNS, and joined where it is now; one that stays away is tried where it was joined before, too. Not given: it is sought at `upstream` alone.
   */
  readonly follow?: NetworkChoice;
  /** Folder of the disk tier, absolute, for nothing else; where not given, one in the state folder. */
  readonly cacheFolder?: string;
  /** As written, for rate/hours.ts; undefined: always. */
  readonly hours: string | undefined;
  /** The address that redirects shall name; no port: the one listened on. */
  readonly advertise: { readonly host: string; readonly port: number | undefined } | undefined;
}

/** The bare cache store: what was put there, and nothing of a cluster. */
export interface StoreSettings extends FaceSettings {
  readonly face: 'store';
}

export type Settings = ManagerSettings | PeerSettings | StoreSettings;
