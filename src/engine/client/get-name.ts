import { headerOf, type RawHeaders } from '../content/headers.ts';

/** Longest name made up here, in bytes: file systems take 255, and a suffix is added while a download runs. */
const MAX_NAME = 200;
const FALLBACK = 'download';

/** Device names that Windows takes in any folder and with any extension. */
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/** The name to store a download under: what Content-Disposition says (RFC 6266), else the last segment of the URL's path. */
export function nameFor(url: string, headers: RawHeaders): string {
  const said = dispositionName(headerOf(headers, 'content-disposition') ?? '');
  return (said && safeName(said)) || safeName(decode(new URL(url).pathname.split('/').pop() ?? '')) || FALLBACK;
}

/** `filename*` (RFC 8187, UTF-8 only) before `filename` (RFC 6266 section 4.3). */
function dispositionName(field: string): string | undefined {
  const extended = /;\s*filename\*\s*=\s*utf-8'[^']*'([^\s;]+)/i.exec(field)?.[1];
  if (extended !== undefined) return decode(extended);
  const quoted = /;\s*filename\s*=\s*"((?:[^"\\]|\\.)*)"/i.exec(field)?.[1];
  if (quoted !== undefined) return quoted.replace(/\\(.)/g, '$1');
  return /;\s*filename\s*=\s*([^\s;"]+)/i.exec(field)?.[1];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // not UTF-8: the escapes stay as they are
  }
}

/**
 * A name from elsewhere as a plain name in the current folder: no separators of any system, no control characters, not hidden, no
 * device. Empty where nothing is left.
 */
export function safeName(name: string): string {
  const base = name.split(/[/\\]/).pop() ?? '';
  const plain = base
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
    .replace(/[\u0000-\u001f\u007f-\u009f<>:"|?*\u202a-\u202e\u2066-\u2069]/g, '')
    .replace(/^[.\s]+|[.\s]+$/g, '');
  return shorten(RESERVED.test(plain) ? `_${plain}` : plain);
}

/** Cuts a name to MAX_NAME bytes, keeping a short extension. */
function shorten(name: string): string {
  if (Buffer.byteLength(name) <= MAX_NAME) return name;
  const extension = /\.[A-Za-z0-9]{1,10}$/.exec(name)?.[0] ?? '';
  let kept = name.slice(0, name.length - extension.length);
  while (Buffer.byteLength(kept) > MAX_NAME - extension.length) kept = kept.replace(/.$/su, '');
  return kept + extension;
}
