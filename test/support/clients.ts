import { rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256OfFile, tempFolder } from './help.ts';
import { type RunOptions, type RunResult, run } from './process.ts';

/** Real download programs, as people use them. Ask `have('aria2c')` first for those that may be missing. */

const MARK = '|curl-info|';
const INFO = `%{stderr}${MARK}%{json}`;

export interface CurlResult extends RunResult {
  /** HTTP status of the last response, 0 where none came. */
  readonly status: number;
  /** Redirects followed. */
  readonly redirects: number;
  /** The URL that answered last, and the address behind it. */
  readonly url: string;
  readonly remote: string;
  /** Bytes a second. */
  readonly speed: number;
  /** Every response head, in order, as it came: `-L` gives several. */
  readonly heads: readonly Head[];
}

export interface Head {
  readonly status: number;
  /** Names in lower case; values of a repeated field joined by a comma. */
  readonly headers: Readonly<Record<string, string>>;
}

/** curl, quiet but for errors; its standard output (the body, without -o) is hashed as it comes. Exit code and status are in the result. */
export async function curl(args: readonly string[], options: RunOptions = {}): Promise<CurlResult> {
  using folder = tempFolder('potluck-curl-');
  const dump = join(folder.path, 'heads');
  const result = await run('curl', ['-q', '-sS', '--dump-header', dump, '-w', INFO, ...args], {
    ...options,
    env: { http_proxy: undefined, ALL_PROXY: undefined, ...options.env },
  });
  const [stderr = '', ...infos] = result.stderr.split(MARK); // one for each URL
  const json = infos.at(-1) ?? '';
  const info = JSON.parse(json === '' ? '{}' : json) as Record<string, string | number>;
  return {
    ...result,
    stderr,
    status: Number(info['http_code'] ?? 0),
    redirects: Number(info['num_redirects'] ?? 0),
    url: String(info['url_effective'] ?? ''),
    remote: `${info['remote_ip']}:${info['remote_port']}`,
    speed: Number(info['speed_download'] ?? 0),
    heads: await readHeads(dump),
  };
}

async function readHeads(path: string): Promise<Head[]> {
  const text = await readFile(path, 'latin1').catch(() => '');
  return text
    .split(/\r?\n\r?\n/)
    .filter((block) => /^HTTP\//.test(block))
    .map(parseHead);
}

function parseHead(block: string): Head {
  const [first = '', ...lines] = block.split(/\r?\n/);
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  }
  return { status: Number(first.split(' ')[1]), headers };
}

export interface FileResult extends RunResult {
  /** SHA-256 of the file, hexadecimal; undefined where there is none. */
  readonly fileSha256: string | undefined;
}

/** wget into a file, without its own retries unless the arguments ask for them. */
export async function wget(
  url: string,
  file: string,
  args: readonly string[] = [],
  options: RunOptions = {},
): Promise<FileResult> {
  const result = await run(
    'wget',
    ['-nv', '--no-config', '--no-proxy', '--tries=1', '-O', file, ...args, url],
    options,
  );
  return { ...result, fileSha256: await sha256OfFile(file).catch(() => undefined) };
}

/** wget -c: goes on with `file` where it ends. (With -O wget would not compare lengths, so it runs in the file's folder.) */
export async function wgetResume(
  url: string,
  folder: string,
  args: readonly string[] = [],
  options: RunOptions = {},
): Promise<RunResult> {
  return run('wget', ['-nv', '--no-config', '--no-proxy', '--tries=1', '-c', ...args, url], {
    ...options,
    cwd: folder,
  });
}

/** aria2c into `folder`/`name`, without its own configuration. What it leaves behind of a failed download is hashed only if it kept it. */
export async function aria2c(
  url: string,
  folder: string,
  name: string,
  args: readonly string[] = [],
  options: RunOptions = {},
): Promise<FileResult> {
  const file = join(folder, name);
  rmSync(`${file}.aria2`, { force: true });
  const own = [
    '--no-conf=true',
    '--quiet=false',
    '--console-log-level=notice',
    '--summary-interval=0',
    '--allow-overwrite=true',
  ];
  const result = await run(
    'aria2c',
    [...own, '--file-allocation=none', '-d', folder, '-o', name, ...args, url],
    options,
  );
  return { ...result, fileSha256: await sha256OfFile(file).catch(() => undefined) };
}
