/** The numbers of discovery, in milliseconds where not said otherwise. */

/** How often the machine's interfaces are looked at: a plugged cable or a new Wi-Fi is noticed within this time. */
export const INTERFACE_POLL = 2000;

/** First pause between two queries, doubled each time (RFC 6762 section 5.2 wants a second at least, and doubling). */
export const FIRST_QUERY_PAUSE = 1000;
export const LAST_QUERY_PAUSE = 60_000;

/** How long a manager may take to answer a probe. */
export const PROBE_TIMEOUT = 1000;
/** Known managers are probed this often: a crash sends no goodbye. */
export const PROBE_INTERVAL = 5000;
/** Probes of different addresses under way at once. */
export const PROBES_AT_ONCE = 8;
/** Time-outs in a row after which an address counts as gone; a refused connection counts at once. */
export const MISSED_PROBES = 2;
/** Longest answer to a probe that is read, bytes. */
export const MAX_PROBE_ANSWER = 16 * 1024;

/** An announcement whose address never answered is forgotten after this time: the lifetime of its SRV record (RFC 6762 section 10). */
export const ANNOUNCEMENT_LIFETIME = 120_000;
/** Addresses remembered in all, and of one announcement: a flood of forged announcements ends here. */
export const MAX_ADDRESSES = 512;
export const MAX_ADDRESSES_EACH = 8;
/** Addresses remembered that one machine has announced, so that it does not push out those of others. */
export const MAX_ADDRESSES_BY_ONE = 64;
/** Records of one packet that are looked at. */
export const MAX_RECORDS = 256;

/** How long closing waits for the goodbye to leave. */
export const GOODBYE_TIMEOUT = 500;

/** Longest name of a manager that is announced or shown, bytes; with its key it fits into one TXT string (255, RFC 6763 section 6.1). */
export const MAX_NAME = 120;
