import { tableLines } from '../bench/table.ts';
import { bytes, duration, rate, share } from '../src/main/cli/format.ts';
import type { Cluster } from './cluster.ts';
import type { Pull } from './pull.ts';
import type { Screen } from './screen.ts';

/** One go of all clients, and what it cost the origin. */
export interface Pass {
  readonly name: string;
  readonly pull: Pull;
  /** Body bytes that the origin sent meanwhile. */
  readonly origin: number;
}

/** Who runs where. */
export function printAddresses(screen: Screen, cluster: Cluster): void {
  const rows = [
    ['origin', cluster.originUrl],
    ['manager', cluster.manager.data],
    ...cluster.peers.map((peer, at) => [`peer ${at + 1}`, peer.data]),
  ];
  for (const [name = '', url] of rows) screen.line(`  ${name.padEnd(8)} ${url}`);
  screen.line();
}

/** What the clients got against what the origin sent, for each go. */
export function printPasses(screen: Screen, passes: readonly Pass[]): void {
  const columns = [
    { title: '', align: 'left' as const },
    { title: 'downloads' },
    { title: 'clients got' },
    { title: 'origin sent' },
    { title: 'time' },
    { title: 'speed' },
  ];
  const rows = passes.map(({ name, pull, origin }) => [
    name,
    String(pull.downloads.length),
    bytes(pull.bytes),
    bytes(origin),
    `${(pull.milliseconds / 1000).toFixed(1)} s`,
    speed(pull.bytes, pull.milliseconds),
  ]);
  for (const line of tableLines(columns, rows, { indent: 2 })) screen.line(line);
  screen.line();
}

/** The sentence that it is all about. */
export function printSavings(screen: Screen, passes: readonly Pass[]): void {
  const got = sum(passes.map(({ pull }) => pull.bytes));
  const origin = sum(passes.map((pass) => pass.origin));
  screen.line(
    `  The origin sent ${screen.bold(bytes(origin))}, the clients got ${screen.bold(bytes(got))}: ` +
      `hit ratio ${screen.good(share(got - origin, got))} of the bytes.`,
  );
}

/** Whether the bytes were right; false if not. `known`: there were sums of the origin's to hold them against. */
export function printSums(screen: Screen, passes: readonly Pass[], known: boolean): boolean {
  const wrong = passes.flatMap(({ pull }) => pull.wrong);
  const all = sum(passes.map(({ pull }) => pull.downloads.length));
  if (wrong.length === 0) {
    const truth = known ? "the origin's" : 'the same for every client';
    screen.line(`  SHA-256 of all ${all} downloads: ${screen.good(truth)}.`);
  } else {
    screen.line(
      `  ${screen.bad('WRONG SHA-256')} in ${wrong.length} of ${all} downloads: ${[...new Set(wrong)].join(', ')}`,
    );
  }
  screen.line();
  return wrong.length === 0;
}

/** Who answered the clients, and how fast. */
export async function printNodes(screen: Screen, cluster: Cluster, passes: readonly Pass[]): Promise<void> {
  const pulls = passes.map(({ pull }) => pull);
  const milliseconds = sum(pulls.map((pull) => pull.milliseconds));
  const columns = [
    { title: 'answered by', align: 'left' as const },
    { title: 'downloads' },
    { title: 'to clients' },
    { title: 'to peers' },
    { title: 'taken in' },
    { title: 'speed' },
  ];
  const rows = await Promise.all(
    [...cluster.peers, cluster.manager].map(async (program) => {
      const host = new URL(program.data).host;
      const mine = pulls.flatMap(({ downloads }) => downloads.filter(({ from }) => from === host));
      const given = sum(mine.map((download) => download.bytes));
      const { served, fetched } = await cluster.stats(program);
      const toPeers = bytes(Math.max(0, served - given));
      return [
        cluster.nameOf(host),
        String(mine.length),
        bytes(given),
        toPeers,
        bytes(fetched),
        speed(given, milliseconds),
      ];
    }),
  );
  for (const line of tableLines(columns, rows, { indent: 2 })) screen.line(line);
  screen.line();
}

/** What to try while it stays up. */
export function printInvitation(screen: Screen, cluster: Cluster): void {
  const path = cluster.wanted[0]?.path ?? '/<a path of the origin>';
  const url = cluster.manager.data + path;
  const first = cluster.peers[0];
  const lines: [string, string][] = [
    ['sent to a peer', `curl -L -o /dev/null -w '%{url_effective}\\n' '${url}'`],
    ['from all peers at once, verified', `./bin/potluck get '${url}' -o /tmp/potluck-demo.bin`],
    ['who is there', `./bin/potluck nodes --control ${cluster.manager.control}`],
    ['one peer leaves, politely', `./bin/potluck leave --control ${first?.control ?? ''}`],
  ];
  screen.line(`Still up. To try, in another terminal:`);
  screen.line();
  for (const [what, command] of lines) screen.line(`  ${screen.dim(`# ${what}`)}\n  ${command}`);
  screen.line();
  screen.line('Ctrl-C drains everything and ends the demo; a second one does not wait.');
}

/** "1 min 5 s" for people. */
export function took(milliseconds: number): string {
  return milliseconds < 10_000 ? `${(milliseconds / 1000).toFixed(1)} s` : duration(milliseconds / 1000);
}

function speed(count: number, milliseconds: number): string {
  return rate((count * 1000) / Math.max(1, milliseconds));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
