import Type, { type Static } from 'typebox';
import {
  MAX_ADDRESSES,
  MAX_GROUPS,
  MAX_HAVE,
  MAX_HEADS,
  MAX_LINE_TARGET,
  MAX_LINES,
  MAX_MEMBERS,
  MAX_PURGES_IN_FRAME,
} from './limits.ts';

/**
 * Every message of the session, once. Frames are JSON text with a `type`. Fields that a side does not know are ignored, and so are
 * whole messages of an unknown type: a newer side may say more than an older one understands.
 */

const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const Amount = Type.Number({ minimum: 0, maximum: 1e18 });
const Time = Type.Number({ minimum: 0, maximum: 1e14 });
const Port = Type.Integer({ minimum: 1, maximum: 65_535 });
const Text = (maxLength: number) => Type.String({ maxLength });
const Name128 = Type.String({ pattern: '^[0-9a-f]{32}$' });
/** 128 to 256 random bits, base64url. */
const Nonce = Type.String({ pattern: '^[A-Za-z0-9_-]{22,43}$' });
/** An Ed25519 public key or an HMAC-SHA256, base64url: 32 bytes. */
const Bytes32 = Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' });
/** An Ed25519 signature, base64url: 64 bytes. */
const Signature = Type.String({ pattern: '^[A-Za-z0-9_-]{86}$' });
const Hash = Type.String({ pattern: '^[0-9a-f]{64}$' });
const Host = Type.String({ minLength: 1, maxLength: 253, pattern: '^[A-Za-z0-9.:_-]+$' });
const Url = Type.String({ maxLength: 300, pattern: '^https?://[A-Za-z0-9.:_\\[\\]-]+$' });

const SignedHead = Type.Object({ payload: Text(128 * 1024), key: Hash, signature: Signature });

/** manager -> peer, first frame: who it is. Nothing of it is proven yet. */
export const Challenge = Type.Object({
  type: Type.Literal('challenge'),
  protocol: Count,
  nonce: Nonce,
  publicKey: Bytes32,
  name: Text(255),
  tokenRequired: Type.Boolean(),
});

/** peer -> manager. `proof` where the peer has a join token; `signature` proves that the peer has the key that its id is made from. */
export const Hello = Type.Object({
  type: Type.Literal('hello'),
  protocol: Count,
  nonce: Nonce,
  id: Name128,
  publicKey: Bytes32,
  signature: Signature,
  proof: Type.Optional(Bytes32),
  name: Text(255),
  version: Text(64),
  port: Port,
  tls: Type.Boolean(),
  listensWide: Type.Boolean(),
  /** The address that it listens on, where it is one alone. */
  listenHost: Type.Optional(Host),
  advertise: Type.Optional(Type.Object({ host: Host, port: Type.Optional(Port) })),
  /** Its own addresses: where its requests to other members may come from. */
  addresses: Type.Array(Text(64), { maxItems: MAX_ADDRESSES }),
  capacity: Type.Number({ minimum: 0, maximum: 1e6 }),
  location: Type.Optional(Text(255)),
  memory: Amount,
  caps: Type.Object({ upload: Type.Optional(Amount), download: Type.Optional(Amount) }),
  /** It is leaving already: it rejoins only so that members can still ask it. */
  draining: Type.Boolean(),
  /** Number of the last purge that it has applied; absent where it holds nothing yet. */
  purged: Type.Optional(Count),
});

const WireMember = Type.Object({
  id: Name128,
  url: Url,
  weight: Type.Number({ minimum: 0, maximum: 1e6 }),
  ring: Type.Boolean(),
});

const Group = Type.Object({ name: Text(64), kind: Type.Union([Type.Literal('mirror'), Type.Literal('key-value')]) });

/** A purge, on the wire and in the log of the manager. */
export const PurgeLine = Type.Object({
  number: Count,
  group: Text(64),
  kind: Type.Union([Type.Literal('url'), Type.Literal('prefix'), Type.Literal('tag'), Type.Literal('group')]),
  /** Normalised target, its beginning, or a tag; empty for a whole group. */
  value: Text(8192),
  /** Makes stale instead of taking out. */
  soft: Type.Boolean(),
});

const TicketFields = {
  ticket: Text(8192),
  /** The manager's clock, milliseconds since 1970. */
  ticketExpires: Time,
  /** What the manager's clock says now: tickets are judged by it, whatever the peer's own clock says. */
  time: Time,
};

/** manager -> peer: the join is granted. The peer believes it once signature and proof are verified. */
export const Welcome = Type.Object({
  type: Type.Literal('welcome'),
  signature: Signature,
  proof: Type.Optional(Bytes32),
  epoch: Count,
  members: Type.Array(WireMember, { maxItems: MAX_MEMBERS }),
  groups: Type.Array(Group, { maxItems: MAX_GROUPS }),
  ...TicketFields,
  /** What the peer has missed. `reset`: the log does not reach back that far; everything held must go. */
  purges: Type.Object({
    last: Count,
    reset: Type.Boolean(),
    missed: Type.Array(PurgeLine, { maxItems: MAX_PURGES_IN_FRAME }),
  }),
  /** The peer's base URL, as redirects name it. */
  url: Url,
  pieceSize: Type.Integer({ minimum: 1024, maximum: 64 * 1024 * 1024 }),
  /** Key of this session under which the peer answers health checks. */
  healthKey: Bytes32,
});

/** manager -> peer, instead of a welcome. `code` is an error code of the table; `retry` whether it makes sense to try again. */
export const Refused = Type.Object({
  type: Type.Literal('refused'),
  code: Text(64),
  message: Text(1000),
  retry: Type.Boolean(),
});

/** manager -> peer: what changed since epoch - 1; `full`: the whole list, whatever was known. */
export const Members = Type.Object({
  type: Type.Literal('members'),
  epoch: Count,
  full: Type.Boolean(),
  add: Type.Array(WireMember, { maxItems: MAX_MEMBERS }),
  remove: Type.Array(Name128, { maxItems: MAX_MEMBERS }),
});

export const Ticket = Type.Object({ type: Type.Literal('ticket'), ...TicketFields });
export const PurgeMessage = Type.Object({ type: Type.Literal('purge'), purge: PurgeLine });
export const Groups = Type.Object({
  type: Type.Literal('groups'),
  groups: Type.Array(Group, { maxItems: MAX_GROUPS }),
});
export const DrainedOk = Type.Object({ type: Type.Literal('drained-ok'), epoch: Count });
/** manager -> peer: it cannot be reached from there, and why. */
export const Unreachable = Type.Object({ type: Type.Literal('unreachable'), reason: Text(1000) });
export const Reachable = Type.Object({ type: Type.Literal('reachable') });
/** manager -> peer: the manager is about to leave. */
export const Draining = Type.Object({ type: Type.Literal('draining') });

const Cap = Type.Union([Type.Number({ exclusiveMinimum: 0, maximum: 1e18 }), Type.Null()]);
/** manager -> peer: an order of the administrator. Commands that the peer does not know are ignored. */
export const Command = Type.Object({
  type: Type.Literal('command'),
  command: Text(32),
  /** leave: at once instead of warm. */
  cold: Type.Optional(Type.Boolean()),
  /** limits: bytes a second, null lifts a cap. */
  upload: Type.Optional(Cap),
  download: Type.Optional(Cap),
});

/** Either side: it goes now. */
export const Bye = Type.Object({ type: Type.Literal('bye'), reason: Text(1000) });

export const Load = Type.Object({
  downloads: Count,
  uploadRate: Amount,
  downloadRate: Amount,
  uploadCap: Type.Optional(Amount),
  throughput: Amount,
  served: Amount,
  fetched: Amount,
  requests: Amount,
  hits: Amount,
});

/** peer -> manager, once a second. */
export const StatsMessage = Type.Object({
  type: Type.Literal('stats'),
  /** The peer's clock, milliseconds since 1970. */
  time: Time,
  load: Load,
  /** Why it holds back, in words. */
  paused: Type.Optional(Text(1000)),
});

const Line = Type.Object({
  time: Time,
  client: Text(64),
  method: Text(64),
  target: Text(MAX_LINE_TARGET),
  status: Type.Integer({ minimum: 0, maximum: 999 }),
  bytes: Amount,
  duration: Amount,
  cache: Text(32),
  peer: Type.Optional(Text(64)),
  revision: Type.Optional(Name128),
  complete: Type.Boolean(),
});

/** peer -> manager: access lines of the last second; beyond the limit as counts. */
export const Access = Type.Object({
  type: Type.Literal('access'),
  lines: Type.Array(Line, { maxItems: MAX_LINES }),
  more: Type.Object({ requests: Count, bytes: Amount }),
});

const PieceName = Type.Object({ dir: Name128, id: Name128 });
/** peer -> manager: pieces that came into its store and pieces that left it. */
export const Have = Type.Object({
  type: Type.Literal('have'),
  add: Type.Array(PieceName, { maxItems: MAX_HAVE }),
  drop: Type.Array(PieceName, { maxItems: MAX_HAVE }),
});

/** peer -> manager: a member sent bytes that fail their verification. */
export const Accuse = Type.Object({
  type: Type.Literal('accuse'),
  member: Name128,
  object: Name128,
  revision: Name128,
  index: Count,
});

/** peer -> manager: heads that it holds, after it joined: a restarted manager goes on from them. */
export const Heads = Type.Object({
  type: Type.Literal('heads'),
  heads: Type.Array(SignedHead, { maxItems: MAX_HEADS }),
});

/** peer -> manager: membership diffs were missed; asks for the whole list. */
export const Resync = Type.Object({ type: Type.Literal('resync') });
/** peer -> manager: no new downloads from now on. Answered by drained-ok. */
export const Drain = Type.Object({ type: Type.Literal('drain') });

/** What a manager may say, by type. */
export const MANAGER_MESSAGES = {
  challenge: Challenge,
  welcome: Welcome,
  refused: Refused,
  members: Members,
  ticket: Ticket,
  purge: PurgeMessage,
  groups: Groups,
  'drained-ok': DrainedOk,
  unreachable: Unreachable,
  reachable: Reachable,
  draining: Draining,
  command: Command,
  bye: Bye,
} as const;

/** What a peer may say, by type. */
export const PEER_MESSAGES = {
  hello: Hello,
  stats: StatsMessage,
  access: Access,
  have: Have,
  accuse: Accuse,
  heads: Heads,
  resync: Resync,
  drain: Drain,
  bye: Bye,
} as const;

export type Challenge = Static<typeof Challenge>;
export type Hello = Static<typeof Hello>;
export type Welcome = Static<typeof Welcome>;
export type Refused = Static<typeof Refused>;
export type WireMember = Static<typeof WireMember>;
export type WireGroup = Static<typeof Group>;
export type Purge = Static<typeof PurgeLine>;
export type Command = Static<typeof Command>;
export type StatsMessage = Static<typeof StatsMessage>;
export type Access = Static<typeof Access>;
export type Have = Static<typeof Have>;
export type Accuse = Static<typeof Accuse>;
export type WireLoad = Static<typeof Load>;

export type ManagerMessage = {
  [T in keyof typeof MANAGER_MESSAGES]: Static<(typeof MANAGER_MESSAGES)[T]>;
}[keyof typeof MANAGER_MESSAGES];
export type PeerMessage = {
  [T in keyof typeof PEER_MESSAGES]: Static<(typeof PEER_MESSAGES)[T]>;
}[keyof typeof PEER_MESSAGES];
