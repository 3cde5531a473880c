import type { ControlClient } from '../../engine/index.ts';
import type { StoreReport } from '../../engine/protocol/control.ts';
import { type ClientArguments, takesNoMore } from './client-options.ts';
import { bytes, duration, pairs, rate, share, table } from './format.ts';

/** What a command that asks prints: the answer as it came for scripts, and as people like to read it. */
export interface Answer {
  readonly json: unknown;
  readonly text: string;
}

/** `potluck status`: is it there, and is all well? */
export async function askStatus(client: ControlClient, { rest }: ClientArguments): Promise<Answer> {
  takesNoMore(rest);
  const stats = await client.stats();
  const reason = stats.reason === null ? '' : ` (${stats.reason})`;
  const text = pairs([
    [stats.face, `${stats.status}${reason}`],
    ['data port', stats.data],
    ['control port', client.url ?? ''],
    ...(stats.upstream === null ? [] : [['manager', stats.upstream] as const]),
    ['running for', `${duration(stats.uptime)}, version ${stats.version}`],
    ['members', String(stats.nodes)],
    ['downloads', `${stats.downloads} running`],
    ['sending', `${rate(stats.upload_rate)}, cap ${rate(stats.limits.upload_cap)}`],
    ['receiving', `${rate(stats.download_rate)}, cap ${rate(stats.limits.download_cap)}`],
  ]);
  return { json: stats, text };
}

/** `potluck nodes`: the members, one line each. */
export async function askNodes(client: ControlClient, { rest }: ClientArguments): Promise<Answer> {
  takesNoMore(rest);
  const nodes = await client.nodes();
  const heading = ['ID', 'NAME', 'URL', 'STATUS', 'DOWNLOADS', 'SENDING', 'CAP', 'SERVED', 'HITS', 'LOCATION'];
  const rows = nodes.map((node) => [
    node.id,
    node.name,
    node.url,
    node.reason === null ? node.status : `${node.status} (${node.reason})`,
    node.downloads,
    rate(node.upload_rate),
    rate(node.upload_cap),
    bytes(node.served),
    share(node.hits, node.requests),
    node.location ?? '-',
  ]);
  return { json: { nodes }, text: nodes.length === 0 ? await noNodes(client) : table(heading, rows) };
}

/** Of other nodes only the manager keeps account. */
async function noNodes(client: ControlClient): Promise<string> {
  const { face, upstream } = await client.stats();
  if (face === 'store') return 'this is a store, which knows no other nodes\n';
  return face === 'manager' ? 'no nodes\n' : `this is a peer; its manager (${upstream ?? 'away'}) knows the nodes\n`;
}

/** `potluck stats`: what was done since the start. */
export async function askStats(client: ControlClient, { rest }: ClientArguments): Promise<Answer> {
  takesNoMore(rest);
  const stats = await client.stats();
  const { store } = stats;
  const text = pairs([
    ['requests', String(stats.requests)],
    ['hits', `${stats.hits} (${share(stats.hits, stats.requests)})`],
    ['redirects', String(stats.redirects)],
    ['served', bytes(stats.served)],
    ['fetched', bytes(stats.fetched)],
    ['from the origin', bytes(stats.origin)],
    ['sending', rate(stats.upload_rate)],
    ['receiving', rate(stats.download_rate)],
    ['memory', `${bytes(store.cached)} cached, ${bytes(store.held)} in use, of ${bytes(store.grant)}`],
    [stats.face === 'store' ? 'objects' : 'pieces', `${store.entries}, ${store.evictions} evicted`],
    ...diskLines(store),
    ['found', `${store.hits} of ${store.hits + store.misses} (${share(store.hits, store.hits + store.misses)})`],
  ]);
  return { json: stats, text };
}

function diskLines({ disk, hits }: StoreReport): [string, string][] {
  if (disk === null) return [['disk', 'none']];
  const full = disk.writing ? '' : '; it is full, nothing is stored on it';
  const damaged = disk.corrupt === 0 ? '' : `, ${disk.corrupt} damaged`;
  return [
    ['disk', `${bytes(disk.used)} of ${bytes(disk.grant)} (${share(disk.used, disk.grant)})${full}`],
    ['on disk', `${disk.entries} in ${disk.segments} segments, ${disk.evictions} segments evicted${damaged}`],
    ['written', `${bytes(disk.written)}; index ${bytes(disk.index_bytes)}`],
    ['from disk', `${disk.hits} of ${hits} found (${share(disk.hits, hits)})`],
  ];
}
