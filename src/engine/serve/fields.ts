import { PotluckError } from '../base/errors.ts';
import { endToEnd, type RawHeaders } from '../content/headers.ts';

/** What a request's header fields say that the data plane must know, found in one pass over them. */
export interface Fields {
  /** The Host field as it came; undefined in HTTP/1.0 without one. */
  readonly host: string | undefined;
  /** End-to-end fields. */
  readonly headers: RawHeaders;
  /** Range or a precondition is there: the answer may be other than the whole. */
  readonly conditional: boolean;
  /** Authorization or Cookie is there. */
  readonly credentials: boolean;
  /** A body was announced. */
  readonly body: boolean;
  /** Another protocol was asked for. */
  readonly upgrade: boolean;
}

/** RFC 3986 section 3.2.2 without user information: a name, IPv4 address or bracketed IPv6 address, and a port. */
const HOST = /^(?:[A-Za-z0-9._~!$&'()*+,;=%-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;

/** What a pass over the fields gathers. */
class Scan {
  host: string | undefined;
  hosts = 0;
  lengths = 0;
  codings = 0;
  coding = '';
  conditional = false;
  credentials = false;
  upgrade = false;
  /** Where the only Connection field is; -1: none; -2: hop-by-hop fields that want a closer look. */
  connection = -1;
}

/**
 * The fields of a request, checked for the shapes that make two parsers disagree about where a message ends or whom it is for
 * (RFC 9112 sections 3.2, 6.1 and 6.3). Throws POTLUCK_BAD_HOST, POTLUCK_BAD_REQUEST, POTLUCK_NOT_IMPLEMENTED or
 * POTLUCK_HEADERS_TOO_LARGE.
 */
export function readFields(raw: RawHeaders, minorVersion: number, maxFields: number): Fields {
  if (raw.length > maxFields * 2) throw new PotluckError('POTLUCK_HEADERS_TOO_LARGE', `more than ${maxFields} fields`);
  const scan = new Scan();
  for (let i = 0; i < raw.length; i += 2) note(scan, raw, i);
  checkHost(scan, minorVersion);
  checkFraming(scan, minorVersion);
  return {
    host: scan.host,
    headers: endToEndOf(raw, scan.connection),
    conditional: scan.conditional,
    credentials: scan.credentials,
    body: scan.lengths + scan.codings > 0,
    upgrade: scan.upgrade,
  };
}

/** Looks at one field. The length of a name rules out nearly all, so most fields cost one comparison. */
function note(scan: Scan, raw: RawHeaders, i: number): void {
  const name = raw[i] as string;
  switch (name.length) {
    case 4:
      if (name.toLowerCase() !== 'host') return;
      scan.hosts++;
      scan.host = raw[i + 1];
      return;
    case 2: // te
    case 7: // trailer, upgrade
    case 16: // proxy-connection
      noteHopByHop(scan, name.toLowerCase());
      return;
    case 10:
      noteConnection(scan, raw, i);
      return;
    case 14:
      if (name.toLowerCase() === 'content-length') scan.lengths++;
      return;
    case 5:
    case 8:
    case 17:
    case 19:
      noteCondition(scan, raw, i);
      return;
    case 6:
      if (name.toLowerCase() === 'cookie') scan.credentials = true;
      return;
    case 13: {
      const lower = name.toLowerCase();
      if (lower === 'if-none-match') scan.conditional = true;
      else if (lower === 'authorization') scan.credentials = true;
      return;
    }
  }
}

function noteCondition(scan: Scan, raw: RawHeaders, i: number): void {
  switch ((raw[i] as string).toLowerCase()) {
    case 'range':
    case 'if-range':
    case 'if-match':
    case 'if-modified-since':
    case 'if-unmodified-since':
      scan.conditional = true;
      return;
    case 'proxy-authorization':
      scan.connection = -2;
      return;
    case 'transfer-encoding':
      scan.codings++;
      scan.coding = raw[i + 1] as string;
      scan.connection = -2;
      return;
  }
}

function noteHopByHop(scan: Scan, name: string): void {
  if (name === 'upgrade') scan.upgrade = true;
  else if (name !== 'te' && name !== 'trailer' && name !== 'proxy-connection') return;
  scan.connection = -2;
}

function noteConnection(scan: Scan, raw: RawHeaders, i: number): void {
  const name = (raw[i] as string).toLowerCase();
  if (name === 'keep-alive') scan.connection = -2;
  if (name !== 'connection') return;
  const value = raw[i + 1] as string;
  const plain = value === 'keep-alive' || value === 'Keep-Alive' || value === 'close';
  scan.connection = scan.connection === -1 && plain ? i : -2;
}

/** The common cases without a look at each name: nothing hop-by-hop at all, or one plain Connection field. */
function endToEndOf(raw: RawHeaders, connection: number): RawHeaders {
  if (connection === -1) return raw;
  return connection === -2 ? endToEnd(raw) : raw.toSpliced(connection, 2);
}

function checkHost(scan: Scan, minorVersion: number): void {
  if (scan.hosts > 1) throw new PotluckError('POTLUCK_BAD_HOST', 'there are several');
  if (scan.host === undefined) {
    if (minorVersion > 0) throw new PotluckError('POTLUCK_BAD_HOST', 'there is none');
  } else if (!HOST.test(scan.host)) {
    throw new PotluckError('POTLUCK_BAD_HOST', 'it has characters that no host has');
  }
}

/** What llhttp lets through: codings in HTTP/1.0, and codings that nobody here can take off. */
function checkFraming(scan: Scan, minorVersion: number): void {
  if (scan.lengths > 1) throw new PotluckError('POTLUCK_BAD_REQUEST', 'several Content-Length fields');
  if (scan.codings === 0) return;
  if (minorVersion === 0) throw new PotluckError('POTLUCK_BAD_REQUEST', 'HTTP/1.0 has no Transfer-Encoding');
  if (scan.codings > 1 || scan.lengths > 0) throw new PotluckError('POTLUCK_BAD_REQUEST', 'the framing is ambiguous');
  if (scan.coding.trim().toLowerCase() !== 'chunked') {
    throw new PotluckError('POTLUCK_NOT_IMPLEMENTED', 'the only transfer coding taken is chunked');
  }
}
