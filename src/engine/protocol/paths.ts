/** Everything of Potluck's own on the data port stands below this. */
export const OWN_PREFIX = '/_potluck/';

/** Open paths. */
export const HEALTH_PATH = '/_potluck/health';
export const JOIN_PATH = '/_potluck/join';
export const SESSION_PATH = '/_potluck/session';
export const HEADS_PREFIX = '/_potluck/heads/';

/** Paths that want a membership ticket (`Authorization: Potluck <ticket>`). */
export const HEAD_PATH = '/_potluck/head';
export const PIECE_PATH = '/_potluck/piece';
export const TICKET_SCHEME = 'Potluck';

/** Prefix of named groups on the data port. */
export const GROUP_PREFIX = '/cache/';

/** Response header of a piece: `<fingerprint>.<sha256 hex>.<signature base64url>`. */
export const PROOF_HEADER = 'potluck-proof';
/** Response header of a refusal: ids of members that were given the piece, comma-separated. */
export const MEMBERS_HEADER = 'potluck-members';

/** Version of the protocol between members; both sides must have the same. */
export const PROTOCOL_VERSION = 1;
