import { createHash } from 'node:crypto';
import { get, type IncomingMessage } from 'node:http';
import { collectText, OwnedProcess, run } from '../test/support/process.ts';

/** One file, downloaded and forgotten: its bytes are counted and hashed as they come. */
export interface Download {
  readonly bytes: number;
  readonly sha256: string;
  readonly milliseconds: number;
  /** Host and port that sent the body, behind all redirects. */
  readonly from: string;
}

export interface DownloadOptions {
  readonly signal: AbortSignal;
  /** Called with the number of new bytes. */
  readonly onBytes: (bytes: number) => void;
}

/** A client program. Rejects where the download fails or the signal aborts. */
export type Client = (url: string, options: DownloadOptions) => Promise<Download>;

const MAX_REDIRECTS = 5;

/** The client to use and its name: curl, as people have it, or a small one of our own. */
export async function findClient(): Promise<{ client: Client; name: string }> {
  const version = await run('curl', ['--version'], { timeout: 10_000 }).catch(() => undefined);
  return version?.code === 0 ? { client: viaCurl, name: 'curl' } : { client: viaNode, name: 'the built-in client' };
}

class Tally {
  readonly #hash = createHash('sha256');
  readonly #began = performance.now();
  readonly #onBytes: (bytes: number) => void;
  #bytes = 0;

  constructor(onBytes: (bytes: number) => void) {
    this.#onBytes = onBytes;
  }

  readonly take = (chunk: Buffer): void => {
    this.#hash.update(chunk);
    this.#bytes += chunk.length;
    this.#onBytes(chunk.length);
  };

  end(from: string): Download {
    const milliseconds = performance.now() - this.#began;
    return { bytes: this.#bytes, sha256: this.#hash.digest('hex'), milliseconds, from };
  }
}

const CURL = ['-q', '-sS', '-L', '--fail', '--noproxy', '*', '-w', '%{stderr}%{url_effective}'];

async function viaCurl(url: string, { signal, onBytes }: DownloadOptions): Promise<Download> {
  signal.throwIfAborted();
  const tally = new Tally(onBytes);
  const curl = new OwnedProcess('curl', [...CURL, url], { detached: true });
  curl.child.stdout?.on('data', tally.take);
  const said = collectText(curl.child.stderr);
  const stop = () => curl.kill('SIGKILL');
  signal.addEventListener('abort', stop, { once: true });
  const { code } = await curl.exited.finally(() => signal.removeEventListener('abort', stop));
  signal.throwIfAborted();
  if (code !== 0) throw new Error(`curl ${url}: exit ${code}: ${said().trim()}`);
  return tally.end(new URL(said()).host);
}

/** A GET that follows redirects, as any client would. */
async function viaNode(url: string, { signal, onBytes }: DownloadOptions): Promise<Download> {
  const tally = new Tally(onBytes);
  let at = url;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    const response = await responseOf(at, signal);
    const { statusCode: status = 0, headers } = response;
    if (status === 200) {
      for await (const chunk of response) tally.take(chunk as Buffer);
      return tally.end(new URL(at).host);
    }
    response.resume();
    if (status < 300 || status > 399 || headers.location === undefined) throw new Error(`${at} answered ${status}`);
    at = new URL(headers.location, at).href;
  }
  throw new Error(`${url}: more than ${MAX_REDIRECTS} redirects`);
}

function responseOf(url: string, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false, signal }, resolve).once('error', reject);
  });
}
