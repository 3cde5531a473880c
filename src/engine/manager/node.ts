/** What a peer says of itself once a second, and what the balancer weighs. */
export interface NodeLoad {
  /** Downloads by clients that are running. */
  readonly downloads: number;
  /** Bytes a second over the last second, all sockets. */
  readonly uploadRate: number;
  readonly downloadRate: number;
  /** Bytes a second; undefined where there is none. */
  readonly uploadCap: number | undefined;
  /** Fastest upload of one second in the recent past, bytes a second: what the machine has shown it can do. */
  readonly throughput: number;
  /** Totals since the peer started. */
  readonly served: number;
  readonly fetched: number;
  readonly requests: number;
  readonly hits: number;
}

export const NO_LOAD: NodeLoad = {
  downloads: 0,
  uploadRate: 0,
  downloadRate: 0,
  uploadCap: undefined,
  throughput: 0,
  served: 0,
  fetched: 0,
  requests: 0,
  hits: 0,
};

/** A peer as the manager knows it. The registry owns the record; others read it. */
export interface PeerNode {
  readonly id: string;
  /** Name of the machine, as it said. */
  readonly name: string;
  /** Address of the session's remote end, or the allowed advertised host. */
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  /** Base URL for redirects and for members, without a trailing slash. */
  readonly url: string;
  /** True where the peer listens beyond loopback (design promise 10). */
  readonly listensWide: boolean;
  /** True where the manager sees it on loopback. */
  readonly loopback: boolean;
  readonly capacity: number;
  readonly location: string | undefined;
  /** Milliseconds since 1970. */
  readonly joinedAt: number;
  load: NodeLoad;
  /** Monotonic milliseconds of the last message. */
  lastSeen: number;
  /** Whether the manager could reach its data port. */
  reachable: 'unknown' | 'yes' | 'no';
  draining: boolean;
  /** Holds back by its own limits (battery, hours); the reason in words. */
  paused: string | undefined;
  /** Monotonic milliseconds until which it is set aside; 0 where it is not. */
  setAsideUntil: number;
  /** Redirects that the load does not show yet. */
  pending: number;
  /** When the latest of them were given, oldest first; monotonic milliseconds. */
  readonly latest: number[];
}

/** A client that was redirected needs so long at most until the peer counts its download and has said so, milliseconds. */
const ON_ITS_WAY = 300;
/** Redirects whose times are remembered: beyond so many in a moment, the load says enough. */
const MAX_LATEST = 64;

/** A redirect to a peer has been given. */
export function redirected(node: PeerNode, now: number): void {
  node.pending++;
  node.latest.push(now);
  if (node.latest.length > MAX_LATEST) node.latest.shift();
}

/** A load message has come: what it cannot show yet stays pending. */
export function loadArrived(node: PeerNode, now: number): void {
  while (node.latest.length > 0 && (node.latest[0] as number) < now - ON_ITS_WAY) node.latest.shift();
  node.pending = node.latest.length;
}
