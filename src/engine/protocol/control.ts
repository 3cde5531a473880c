import Type, { type Static } from 'typebox';

/** What crosses the control port: bodies that are taken, with their schema, and answers that are given. Names as JSON has them. */

const Rate = Type.Union([Type.Number({ exclusiveMinimum: 0 }), Type.String({ maxLength: 32 }), Type.Null()]);

/** POST /api/v1/limits. Numbers are bytes (a second), strings are written as on the command line, null lifts a cap. */
export const LimitsChangeSchema = Type.Object(
  {
    upload_cap: Type.Optional(Rate),
    download_cap: Type.Optional(Rate),
    memory: Type.Optional(Type.Union([Type.Integer({ minimum: 1 }), Type.String({ maxLength: 32 })])),
  },
  { additionalProperties: false, minProperties: 1 },
);
export type LimitsChange = Static<typeof LimitsChangeSchema>;

/** GET /api/v1/limits: bytes, bytes a second; null where there is no cap. */
export interface Limits {
  readonly upload_cap: number | null;
  readonly download_cap: number | null;
  readonly memory: number;
}

const What = Type.String({ minLength: 1, maxLength: 8192 });

/** POST /api/v1/purge. Exactly one of url, prefix, tag and group. `soft` makes stale instead of dropping. */
export const PurgeRequestSchema = Type.Object(
  {
    url: Type.Optional(What),
    prefix: Type.Optional(What),
    tag: Type.Optional(What),
    group: Type.Optional(Type.String({ maxLength: 64 })),
    soft: Type.Optional(Type.Boolean()),
  },
  {
    additionalProperties: false,
    oneOf: [{ required: ['url'] }, { required: ['prefix'] }, { required: ['tag'] }, { required: ['group'] }],
  },
);
export type PurgeRequest = Static<typeof PurgeRequestSchema>;

/** Objects that were known and are purged; how many unknown ones a prefix covers cannot be said. */
export interface PurgeAnswer {
  readonly purged: number;
}

/** POST /api/v1/leave. */
export const LeaveRequestSchema = Type.Object({ cold: Type.Optional(Type.Boolean()) }, { additionalProperties: false });
export type LeaveRequest = Static<typeof LeaveRequestSchema>;

/** Downloads that were running when the node began to leave. */
export interface LeaveAnswer {
  readonly downloads: number;
}

/** One entry of GET /nodes, as other systems' clients know it. */
export interface NodeRecord {
  readonly id: string;
  readonly url: string;
  readonly location: string | null;
  readonly capacity: number;
  readonly current_load: number;
  readonly status: 'active' | 'inactive';
  /** Seconds since 1970. */
  readonly last_heartbeat: number;
}

/** One entry of GET /api/v1/nodes, whose answer is `{"nodes":[...]}`. Rates in bytes a second, times in milliseconds since 1970. */
export interface NodeReport {
  readonly id: string;
  readonly name: string;
  readonly url: string;
  readonly location: string | null;
  readonly capacity: number;
  readonly status: 'active' | 'checking' | 'unreachable' | 'draining' | 'paused' | 'set-aside';
  /** Why it is not active, in words. */
  readonly reason: string | null;
  readonly downloads: number;
  readonly upload_rate: number;
  readonly download_rate: number;
  readonly upload_cap: number | null;
  readonly throughput: number;
  /** Body bytes since it started, and requests with their hits. */
  readonly served: number;
  readonly fetched: number;
  readonly requests: number;
  readonly hits: number;
  readonly joined_at: number;
}

/** GET /health. No secret and nothing that tells about content. */
export interface Health {
  readonly status: 'ok' | 'draining' | 'paused' | 'disconnected';
  readonly face: 'manager' | 'peer' | 'store';
  readonly version: string;
  /** Seconds. */
  readonly uptime: number;
  /** Downloads that are running. */
  readonly downloads: number;
}

/** GET /api/v1/stats. Sums count from the start of the program; rates are of the last second. */
export interface Stats extends Health {
  readonly id: string;
  /** URL of the data port. */
  readonly data: string;
  /** Why a peer holds back, or why it has no session; null where all is well. */
  readonly reason: string | null;
  /** The manager's data port; null on a manager. */
  readonly upstream: string | null;
  /** Members in the cluster. */
  readonly nodes: number;
  readonly requests: number;
  readonly hits: number;
  readonly redirects: number;
  /** Body bytes given to clients and members. */
  readonly served: number;
  /** Body bytes taken from members, the shield or the origin. */
  readonly fetched: number;
  /** Body bytes taken from the origin; 0 on a peer. */
  readonly origin: number;
  readonly upload_rate: number;
  readonly download_rate: number;
  readonly limits: Limits;
  readonly store: StoreReport;
}

/** What a node keeps. Sizes in bytes; sums count from the start of the program. */
export interface StoreReport {
  /** Of the memory tier: what it may take, what can be found in it, what is in use beside that. */
  readonly grant: number;
  readonly cached: number;
  readonly held: number;
  readonly entries: number;
  readonly evictions: number;
  /** Look-ups answered by either tier, and by neither. */
  readonly hits: number;
  readonly misses: number;
  /** Null where there is none. */
  readonly disk: DiskReport | null;
}

export interface DiskReport {
  readonly grant: number;
  /** Of the grant; the segment that is written to counts in full. */
  readonly used: number;
  readonly entries: number;
  readonly index_bytes: number;
  readonly segments: number;
  /** Segments that left to make room, with all that they held. */
  readonly evictions: number;
  /** Records that were found damaged and dropped. */
  readonly corrupt: number;
  readonly written: number;
  /** Look-ups that memory could not answer. */
  readonly hits: number;
  /** False while the disk is full. */
  readonly writing: boolean;
}

/** One entry of GET /api/v1/alerts, whose answer is `{"alerts":[...]}`: what wants somebody's eye at this node now. */
export interface Alert {
  /** As in the table of errors. */
  readonly code: string;
  readonly message: string;
}
