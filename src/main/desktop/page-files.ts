import { readFile } from 'node:fs/promises';
import { extname, resolve, sep } from 'node:path';
import { APP_ORIGIN } from '../../engine/protocol/desktop.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
};

/**
 * Nothing but what the app brings along: no network, no frames, no forms, no evaluated code, nothing inline. What the page sizes itself, it
 * sizes through the CSSOM, which no policy forbids.
 */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const HEADERS = {
  'Content-Security-Policy': CONTENT_SECURITY_POLICY,
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
};

/** The file that a URL of the app's scheme names; undefined where it names none in the folder. `folder`: absolute. */
export function pageFile(url: string, folder: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const { protocol, host, pathname, username, password } = new URL(url);
  if (`${protocol}//${host}` !== APP_ORIGIN || username !== '' || password !== '') return undefined;
  let path: string;
  try {
    path = decodeURIComponent(pathname);
  } catch {
    return undefined;
  }
  // What was encoded can be a way up, a drive or a stream of Windows, or the end of the name for the system below.
  if (/[\\:\0]/.test(path)) return undefined;
  const file = resolve(folder, `.${path === '/' ? '/index.html' : path}`);
  return file.startsWith(resolve(folder) + sep) && Object.hasOwn(TYPES, extname(file)) ? file : undefined;
}

/** Answers a request of the window's page. Never rejects. */
export async function servePage(request: Pick<Request, 'url' | 'method'>, folder: string): Promise<Response> {
  const file = request.method === 'GET' ? pageFile(request.url, folder) : undefined;
  if (file === undefined) return new Response('not found', { status: 404, headers: HEADERS });
  try {
    const body = new Uint8Array(await readFile(file));
    return new Response(body, { headers: { ...HEADERS, 'Content-Type': TYPES[extname(file)] ?? '' } });
  } catch {
    return new Response('not found', { status: 404, headers: HEADERS });
  }
}
