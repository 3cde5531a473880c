import { headerOf, joinedHeader, type RawHeaders } from '../content/headers.ts';

/** Largest number of seconds that is told apart from more (RFC 9111 section 1.2.2). */
export const MAX_SECONDS = 2 ** 31;

/** The directives that this cache acts upon (RFC 9111 section 5.2, RFC 5861), of a request or of a response. Times are seconds. */
export interface CacheControl {
  readonly noStore: boolean;
  /** no-cache without field names, or with some that cannot be read. */
  readonly noCache: boolean;
  /** Lower-case names of no-cache="...". */
  readonly noCacheFields: readonly string[];
  /** private without field names, or with some that cannot be read. */
  readonly private: boolean;
  /** Lower-case names of private="...". */
  readonly privateFields: readonly string[];
  readonly public: boolean;
  readonly mustRevalidate: boolean;
  readonly proxyRevalidate: boolean;
  readonly mustUnderstand: boolean;
  readonly onlyIfCached: boolean;
  readonly maxAge: number | undefined;
  readonly sMaxAge: number | undefined;
  readonly minFresh: number | undefined;
  /** Infinity for max-stale without a value. */
  readonly maxStale: number | undefined;
  readonly staleWhileRevalidate: number | undefined;
  readonly staleIfError: number | undefined;
}

const NOTHING: CacheControl = {
  noStore: false,
  noCache: false,
  noCacheFields: [],
  private: false,
  privateFields: [],
  public: false,
  mustRevalidate: false,
  proxyRevalidate: false,
  mustUnderstand: false,
  onlyIfCached: false,
  maxAge: undefined,
  sMaxAge: undefined,
  minFresh: undefined,
  maxStale: undefined,
  staleWhileRevalidate: undefined,
  staleIfError: undefined,
};

type Building = { -readonly [K in keyof CacheControl]: CacheControl[K] };

/** One directive as it was written. `argument` is undefined where there is none; `broken` where something unreadable follows the name. */
interface Directive {
  readonly name: string;
  readonly argument: string | undefined;
  readonly broken: boolean;
}

/**
 * The Cache-Control of a message, read as RFC 9111 section 5.2 asks: names in any case, arguments as tokens or quoted strings,
 * unknown directives ignored. What is in doubt is read the safe way: of two values the more restrictive one holds
 * (section 4.2.1), a number that is none makes the response stale, broken field names make no-cache and private unqualified.
 * `Pragma: no-cache` counts where there is no Cache-Control (section 5.4; in a response it only costs a validation).
 */
export function parseCacheControl(headers: RawHeaders): CacheControl {
  if (headerOf(headers, 'cache-control') === undefined) return fromPragma(headers);
  const found: Building = { ...NOTHING };
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i] as string;
    // Line by line: a quote left open in one line must not swallow a no-store of the next.
    if (name.length === 13 && name.toLowerCase() === 'cache-control') readLine(headers[i + 1] as string, found);
  }
  return found;
}

function fromPragma(headers: RawHeaders): CacheControl {
  const pragma = joinedHeader(headers, 'pragma');
  if (pragma === undefined || !/(?:^|,)\s*no-cache\s*(?:$|,)/i.test(pragma)) return NOTHING;
  return { ...NOTHING, noCache: true };
}

const SEPARATORS = /[\s,]*/y;
const DIRECTIVE = /([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:=(?:"((?:[^"\\]|\\.)*)"|([^\s,;"]+)))?(?=\s*(?:,|$))/y;
const NAME = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const REST = /[^,]*/y;

function readLine(line: string, found: Building): void {
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(line);
    if (match !== null) at = pattern.lastIndex;
    return match;
  };
  for (take(SEPARATORS); at < line.length; take(SEPARATORS)) {
    const whole = take(DIRECTIVE);
    if (whole !== null) {
      const quoted = whole[2]?.replace(/\\(.)/g, '$1');
      apply({ name: (whole[1] as string).toLowerCase(), argument: quoted ?? whole[3], broken: false }, found);
      continue;
    }
    const name = take(NAME)?.[0];
    take(REST);
    if (name !== undefined) apply({ name: name.toLowerCase(), argument: undefined, broken: true }, found);
  }
}

function apply(directive: Directive, found: Building): void {
  switch (directive.name) {
    // What restricts holds whatever follows its name.
    case 'no-store':
      found.noStore = true;
      break;
    case 'must-revalidate':
      found.mustRevalidate = true;
      break;
    case 'proxy-revalidate':
      found.proxyRevalidate = true;
      break;
    case 'only-if-cached':
      found.onlyIfCached = true;
      break;
    case 'no-cache':
      applyFields(directive, found, 'noCache', 'noCacheFields');
      break;
    case 'private':
      applyFields(directive, found, 'private', 'privateFields');
      break;
    // What permits must be spelt right.
    case 'public':
      found.public ||= !directive.broken && directive.argument === undefined;
      break;
    case 'must-understand':
      found.mustUnderstand ||= !directive.broken && directive.argument === undefined;
      break;
    default:
      applySeconds(directive, found);
  }
}

const FIELD_NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;

/** RFC 9111 sections 5.2.2.4 and 5.2.2.7. The token form is not to be sent, but is understood. */
function applyFields(
  { argument, broken }: Directive,
  found: Building,
  flag: 'noCache' | 'private',
  list: 'noCacheFields' | 'privateFields',
): void {
  const names = (argument ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '');
  if (broken || names.length === 0 || !names.every((name) => FIELD_NAME.test(name))) found[flag] = true;
  else found[list] = [...found[list], ...names];
}

const smaller = (before: number | undefined, value: number): number =>
  Math.min(before ?? Number.POSITIVE_INFINITY, value);
const larger = (before: number | undefined, value: number): number => Math.max(before ?? 0, value);

function applySeconds(directive: Directive, found: Building): void {
  const seconds = deltaSeconds(directive);
  switch (directive.name) {
    case 'max-age':
      found.maxAge = smaller(found.maxAge, seconds ?? 0);
      break;
    case 's-maxage':
      found.sMaxAge = smaller(found.sMaxAge, seconds ?? 0);
      break;
    case 'stale-while-revalidate':
      found.staleWhileRevalidate = smaller(found.staleWhileRevalidate, seconds ?? 0);
      break;
    case 'stale-if-error':
      found.staleIfError = smaller(found.staleIfError, seconds ?? 0);
      break;
    case 'min-fresh':
      found.minFresh = larger(found.minFresh, seconds ?? MAX_SECONDS);
      break;
    case 'max-stale': {
      const bare = directive.argument === undefined && !directive.broken;
      found.maxStale = smaller(found.maxStale, bare ? Number.POSITIVE_INFINITY : (seconds ?? 0));
      break;
    }
    default: // unknown: ignored (RFC 9111 section 5.2.3)
  }
}

/** RFC 9111 section 1.2.2: digits only; too many of them count as 2^31. */
function deltaSeconds({ argument }: Directive): number | undefined {
  if (argument === undefined || !/^\d+$/.test(argument)) return undefined;
  return Math.min(Number(argument), MAX_SECONDS);
}
