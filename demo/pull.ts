import type { Wanted } from './cluster.ts';
import type { Client, Download } from './download.ts';

/** What several clients got in one go. */
export interface Pull {
  readonly downloads: readonly Download[];
  readonly bytes: number;
  readonly milliseconds: number;
  /** Paths whose bytes were not the origin's, once for each such download. */
  readonly wrong: readonly string[];
}

export interface PullOptions {
  /** The manager's data port. */
  readonly base: string;
  readonly clients: number;
  readonly client: Client;
  readonly signal: AbortSignal;
  readonly onBytes: (bytes: number) => void;
}

/**
 * Every client pulls every file, one after the other, each beginning with another one. Where a file's SHA-256 is not known, all clients must at
 * least have got the same. Rejects with the first download that fails, once the others have been given up.
 */
export async function pull(wanted: readonly Wanted[], options: PullOptions): Promise<Pull> {
  const began = performance.now();
  const failure = new AbortController();
  const signal = AbortSignal.any([options.signal, failure.signal]);
  const all = await Promise.allSettled(
    Array.from({ length: options.clients }, (_, number) =>
      pullAll(rotated(wanted, number), { ...options, signal }).catch((error: unknown) => {
        failure.abort(error);
        throw error;
      }),
    ),
  );
  options.signal.throwIfAborted();
  failure.signal.throwIfAborted();
  const got = all.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
  return {
    downloads: got.map(({ download }) => download),
    bytes: got.reduce((sum, { download }) => sum + download.bytes, 0),
    milliseconds: performance.now() - began,
    wrong: wrongOnes(got),
  };
}

interface Got {
  readonly wanted: Wanted;
  readonly download: Download;
}

async function pullAll(wanted: readonly Wanted[], { base, client, signal, onBytes }: PullOptions): Promise<Got[]> {
  const got: Got[] = [];
  for (const file of wanted) got.push({ wanted: file, download: await client(base + file.path, { signal, onBytes }) });
  return got;
}

function wrongOnes(got: readonly Got[]): string[] {
  const first = new Map<string, string>();
  const wrong: string[] = [];
  for (const { wanted, download } of got) {
    const expected = wanted.sha256 ?? first.get(wanted.path) ?? download.sha256;
    first.set(wanted.path, expected);
    if (download.sha256 !== expected) wrong.push(wanted.path);
  }
  return wrong;
}

function rotated<T>(list: readonly T[], by: number): T[] {
  const at = list.length === 0 ? 0 : by % list.length;
  return [...list.slice(at), ...list.slice(0, at)];
}
