/**
 * Every error that a person, a script or another program can meet, in one table.
 * docs/errors.md explains each; a test keeps the two in step.
 */
export const ERRORS = {
  POTLUCK_BAD_REQUEST: { status: 400, message: 'the request is malformed' },
  POTLUCK_BAD_TARGET: { status: 400, message: 'the request target is malformed' },
  POTLUCK_BAD_HOST: { status: 400, message: 'exactly one valid Host header is required' },
  POTLUCK_BAD_BODY: { status: 400, message: 'the body does not fit what this endpoint takes' },
  POTLUCK_UNAUTHORIZED: { status: 401, message: 'this needs a token or a user name and password' },
  POTLUCK_FORBIDDEN: { status: 403, message: 'this is not allowed' },
  POTLUCK_FOREIGN_HOST: { status: 403, message: 'the Host header does not name this control port' },
  POTLUCK_FOREIGN_ORIGIN: { status: 403, message: 'requests from other web pages are refused' },
  POTLUCK_NOT_A_MEMBER: { status: 403, message: 'this path is for members with a valid ticket' },
  POTLUCK_NOT_FOUND: { status: 404, message: 'there is nothing here' },
  POTLUCK_NOT_STORED: { status: 404, message: 'this piece is not stored here' },
  POTLUCK_METHOD_NOT_ALLOWED: { status: 405, message: 'this method is not allowed here' },
  POTLUCK_TIMEOUT: { status: 408, message: 'the request took too long to arrive' },
  POTLUCK_REVISION_GONE: { status: 410, message: 'the bytes of this revision are gone; start the download again' },
  POTLUCK_REVISION_CHANGED: { status: 412, message: 'the object has changed; start the download again' },
  POTLUCK_PRECONDITION_FAILED: { status: 412, message: 'a precondition of the request does not hold' },
  POTLUCK_TOO_LARGE: { status: 413, message: 'the body is larger than what is taken here' },
  POTLUCK_TARGET_TOO_LONG: { status: 414, message: 'the request target is too long' },
  POTLUCK_BAD_MEDIA_TYPE: { status: 415, message: 'a JSON body is required' },
  POTLUCK_RANGE_NOT_SATISFIABLE: { status: 416, message: 'no part of the range lies within the object' },
  POTLUCK_EXPECTATION_FAILED: { status: 417, message: 'only the expectation 100-continue is understood' },
  POTLUCK_TOO_MANY_REQUESTS: { status: 429, message: 'too many requests; slow down' },
  POTLUCK_HEADERS_TOO_LARGE: { status: 431, message: 'the request headers are too large' },
  POTLUCK_INTERNAL: { status: 500, message: 'something went wrong inside Potluck; the error log says what' },
  POTLUCK_NOT_IMPLEMENTED: { status: 501, message: 'this is not supported' },
  POTLUCK_ORIGIN_UNREACHABLE: { status: 502, message: 'the origin cannot be reached' },
  POTLUCK_ORIGIN_BROKEN: { status: 502, message: 'the origin broke off or sent something that makes no sense' },
  POTLUCK_BAD_PIECE: { status: 502, message: 'a piece failed its verification' },
  POTLUCK_BUSY: { status: 503, message: 'busy; try again soon' },
  POTLUCK_DRAINING: { status: 503, message: 'this node is leaving' },
  POTLUCK_NO_MANAGER: { status: 503, message: 'the manager is away and this cannot be answered without it' },
  POTLUCK_ORIGIN_TIMEOUT: { status: 504, message: 'the origin did not answer in time' },
  POTLUCK_NOT_CACHED: { status: 504, message: 'not in the cache, and the request allows nothing else' },
  POTLUCK_STALE: { status: 504, message: 'the stored response is stale and could not be revalidated' },
  POTLUCK_DISK_FULL: { status: 507, message: 'the disk has no room for this' },
  POTLUCK_LOOP: { status: 508, message: 'the request has come through this node before' },
  POTLUCK_USAGE: { status: 400, exit: 2, message: 'the options cannot be understood' },
  POTLUCK_BAD_ADDRESS: { status: 400, exit: 2, message: 'the address or join link cannot be understood' },
  POTLUCK_PORT_IN_USE: { status: 500, exit: 1, message: 'the port is in use' },
  POTLUCK_PORT_LOST: { status: 500, exit: 1, message: 'the port was lost' },
  POTLUCK_STATE_UNWRITABLE: { status: 500, exit: 1, message: 'the state folder cannot be written' },
  POTLUCK_STATE_IN_USE: { status: 500, exit: 1, message: 'the state folder is in use by another process' },
  POTLUCK_FILE_UNWRITABLE: { status: 500, exit: 1, message: 'a file cannot be written' },
  POTLUCK_FILE_EXISTS: { status: 409, exit: 1, message: 'the file is there already' },
  POTLUCK_FILE_UNREADABLE: { status: 500, exit: 1, message: 'a file cannot be read' },
  POTLUCK_MANAGER_UNREACHABLE: { status: 502, exit: 1, message: 'the manager cannot be reached' },
  POTLUCK_MANAGER_NOT_FOUND: { status: 404, exit: 1, message: 'no manager to join was found' },
  POTLUCK_KEY_CHANGED: { status: 403, exit: 1, message: 'the manager is not the one that was joined before' },
  POTLUCK_JOIN_REFUSED: { status: 403, exit: 1, message: 'the manager refused the join' },
  POTLUCK_VERSION_MISMATCH: { status: 400, exit: 1, message: 'the two sides speak different protocol versions' },
  POTLUCK_CONTROL_UNREACHABLE: {
    status: 502,
    exit: 1,
    message: 'no running manager or peer answers at the control port',
  },
  POTLUCK_DOWNLOAD_FAILED: { status: 502, exit: 1, message: 'the download failed' },
  POTLUCK_NO_UPDATE: { status: 404, exit: 1, message: 'there is no update' },
  POTLUCK_UPDATE_REFUSED: { status: 403, exit: 1, message: 'the update is not genuine' },
  POTLUCK_UPDATE_FAILED: { status: 500, exit: 1, message: 'the update could not be installed' },
  POTLUCK_LOGIN_ITEM: { status: 403, exit: 1, message: 'the system does not start Potluck at login yet' },
} as const satisfies Record<string, { status: number; message: string; exit?: number }>;

export type ErrorCode = keyof typeof ERRORS;

/**
 * An error with a code of the table above. `detail` is said after the table's message and must make sense to the person
 * who reads it; `cause` is for the log.
 */
export class PotluckError extends Error {
  readonly code: ErrorCode;
  override readonly name = 'PotluckError';

  constructor(code: ErrorCode, detail?: string, options?: { cause?: unknown }) {
    super(detail === undefined ? ERRORS[code].message : `${ERRORS[code].message}: ${detail}`, options);
    this.code = code;
  }

  /** HTTP status (RFC 9110 section 15) under which this error is answered. */
  get status(): number {
    return ERRORS[this.code].status;
  }

  /** Exit code of a process that ends with this error. */
  get exitCode(): number {
    const row: { status: number; exit?: number } = ERRORS[this.code];
    return row.exit ?? 1;
  }

  /** The body of every error answer, as the contract has it. */
  toJSON(): { error: { code: ErrorCode; message: string } } {
    return { error: { code: this.code, message: this.message } };
  }
}

/** Any thrown value as a PotluckError; what is not one of ours becomes POTLUCK_INTERNAL with its cause kept for the log. */
export function asPotluckError(error: unknown): PotluckError {
  if (error instanceof PotluckError) return error;
  return new PotluckError('POTLUCK_INTERNAL', undefined, { cause: error });
}

/** The reason of an abort, as an Error (AbortSignal.reason may be anything). */
export function abortReason(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('aborted', { cause: signal.reason });
}

/** True for the rejection of an operation whose caller went away: nothing to log, nobody to tell. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || ('code' in error && error.code === 'ABORT_ERR'));
}
