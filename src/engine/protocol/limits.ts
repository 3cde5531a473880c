/** Bounds of the session between peer and manager. Sizes in bytes, times in milliseconds. */

/** Longest frame that either side takes; a longer one ends the session. */
export const MAX_FRAME = 1024 * 1024;
/** What a sender packs into one frame at most, so that no schema detail brings it over the limit. */
export const FRAME_TARGET = 512 * 1024;
/** What may wait in a session's socket; a reader that is further behind is cut off. */
export const MAX_BUFFERED = 8 * 1024 * 1024;
/** Frames that a peer may send within one second. */
export const MAX_FRAMES_A_SECOND = 500;

/** The handshake must be complete by then. */
export const HANDSHAKE_TIMEOUT = 5000;
/** A peer reports this often, with the manager's pings. */
export const STATS_INTERVAL = 1000;
/** The manager pings this often; a pong is a sign of life, too. */
export const PING_INTERVAL = 1000;
/** A peer that has been silent for longer gets no downloads until it speaks again. */
export const UNFIT_AFTER = 2200;
/** A peer that has been silent for longer is disconnected. */
export const DISCONNECT_AFTER = 15_000;
/** A manager that has been silent for longer counts as gone. */
export const MANAGER_SILENCE = 5000;
/** Life of a membership ticket; it is renewed at half of it. */
export const TICKET_LIFE = 600_000;

/** Peers of one manager, handshakes included, and sessions from one address. */
export const MAX_SESSIONS = 1000;
export const MAX_SESSIONS_PER_ADDRESS = 64;

/** Bounds of single fields and lists of messages. */
export const MAX_MEMBERS = 2000;
export const MAX_GROUPS = 1000;
export const MAX_ADDRESSES = 32;
export const MAX_PURGES_IN_FRAME = 2000;
export const MAX_HAVE = 4000;
export const MAX_HEADS = 500;
export const MAX_LINES = 1000;
/** Characters of a target in an access line; the rest is cut off. */
export const MAX_LINE_TARGET = 1024;
