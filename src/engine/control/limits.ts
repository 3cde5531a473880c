/** Bounds of the control port. It answers administrators and scripts, so they are narrow. */
export const CONTROL_LIMITS = {
  /** Largest JSON body taken, bytes. */
  body: 64 * 1024,
  /** Largest head of a request, bytes. */
  head: 16 * 1024,
  /** Milliseconds for a request to arrive whole, its head first. */
  requestTimeout: 15_000,
  headersTimeout: 10_000,
  keepAliveTimeout: 10_000,
  /** Connections at once. */
  connections: 256,
  /** Passwords that may be under examination at once: each costs a core tens of milliseconds. */
  passwordChecks: 4,
  /** Milliseconds that answers under way are given when the server closes. */
  closeGrace: 250,
} as const;
