import { existsSync } from 'node:fs';
import type { NodeReport, Stats } from '../src/engine/protocol/control.ts';
import { type OriginProcess, startOriginProcess } from '../test/support/origin-process.ts';
import { eventually, type Potluck, PROGRAM, startPotluck } from '../test/support/program.ts';
import { demoFiles, listing } from './files.ts';
import type { DemoOptions } from './options.ts';

/** How long peers may take until the manager has joined and tried them. */
const JOIN_TIMEOUT = 15_000;
/** A second Ctrl-C is over within a second; whoever is still there then is killed. */
const COLD_TIMEOUT = 2_000;
const LOOPBACK = '127.0.0.1';

/** One file to pull. */
export interface Wanted {
  readonly path: string;
  /** Undefined where only the origin knows. */
  readonly size: number | undefined;
  readonly sha256: string | undefined;
}

/** A child that has ended while it was needed. */
export interface Ended {
  readonly name: string;
  readonly code: number | null;
}

/**
 * The demo's programs: an origin unless a real one is mirrored, a manager, peers. Each is a process group of its own, so that Ctrl-C
 * comes to the demo alone, which stops them in order.
 */
export class Cluster {
  readonly manager: Potluck;
  readonly origin: OriginProcess | undefined;
  readonly originUrl: string;
  readonly wanted: readonly Wanted[];
  #peers: readonly Potluck[] = [];
  #stopping = false;

  private constructor(manager: Potluck, originUrl: string, wanted: readonly Wanted[], origin?: OriginProcess) {
    this.manager = manager;
    this.originUrl = originUrl;
    this.wanted = wanted;
    this.origin = origin;
  }

  /** Starts everything and waits until the manager sends clients to the peers. Closes what it had started where that fails. */
  static async start(options: DemoOptions): Promise<Cluster> {
    if (!existsSync(PROGRAM))
      throw new Error('dist/potluck.mjs does not exist: run "npm run build", or start me with "npm run demo"');
    const { origin, url, wanted } = await startOrigin(options);
    const manager = await startManager(url, options.port).catch(async (error: unknown) => {
      await origin?.close();
      throw error;
    });
    const cluster = new Cluster(manager, url, wanted, origin);
    try {
      await cluster.#addPeers(options.peers);
    } catch (error) {
      await cluster.kill();
      throw error;
    }
    return cluster;
  }

  get peers(): readonly Potluck[] {
    return this.#peers;
  }

  async #addPeers(wanted: number): Promise<void> {
    const args = ['--peer', '--upstream', this.manager.data, ...common('0')];
    this.#peers = await Promise.all(Array.from({ length: wanted }, () => startPotluck(args, { detached: true })));
    await eventually(async () => {
      const nodes = await this.nodes();
      return nodes.filter(({ status }) => status === 'active').length === wanted;
    }, JOIN_TIMEOUT);
  }

  /** The manager's view of its peers, in the order they were started. */
  async nodes(): Promise<NodeReport[]> {
    const { nodes } = await ask<{ nodes: NodeReport[] }>(`${this.manager.control}/api/v1/nodes`);
    const at = (node: NodeReport) => this.#peers.findIndex((peer) => peer.data === node.url);
    return [...nodes].sort((one, other) => at(one) - at(other));
  }

  /** What a manager or peer counts. */
  stats(of: Potluck): Promise<Stats> {
    return ask<Stats>(`${of.control}/api/v1/stats`);
  }

  /** Body bytes that the origin has sent: its own count, or the manager's where the origin is a real one. */
  async originBytes(): Promise<number> {
    if (this.origin !== undefined) return (await this.origin.stats()).bodyBytes;
    return (await this.stats(this.manager)).origin;
  }

  /** Name of whoever answers at this host and port. */
  nameOf(host: string): string {
    const at = this.#peers.findIndex((peer) => new URL(peer.data).host === host);
    if (at >= 0) return `peer ${at + 1}`;
    return new URL(this.manager.data).host === host ? 'manager' : host;
  }

  /** Calls `onEnd` for each program that ends while nobody asked it to. */
  watch(onEnd: (ended: Ended) => void): void {
    const named: [string, Promise<{ code: number | null }>][] = [
      ['the manager', this.manager.exited],
      ...this.#peers.map((peer, at): [string, Promise<{ code: number | null }>] => [`peer ${at + 1}`, peer.exited]),
    ];
    if (this.origin !== undefined) named.push(['the origin', this.origin.process.exited]);
    for (const [name, exited] of named) {
      void exited.then(({ code }) => {
        if (!this.#stopping) onEnd({ name, code });
      });
    }
  }

  /** Warm: peers finish what they are sending and leave, then the manager does, then the origin goes. True if all ended with 0. */
  async drain(): Promise<boolean> {
    this.#stopping = true;
    const inOrder = [this.#peers, [this.manager]];
    let well = true;
    for (const group of inOrder) {
      for (const program of group) program.kill('SIGTERM');
      const exits = await Promise.all(group.map(({ exited }) => exited));
      well &&= exits.every(({ code }) => code === 0);
    }
    await this.origin?.close();
    return well;
  }

  /** Cold: everybody leaves at once; a second SIGTERM says so. Whoever does not is killed. */
  async kill(): Promise<void> {
    this.#stopping = true;
    const programs = [...this.#peers, this.manager];
    for (const program of programs) program.kill('SIGTERM');
    await Promise.all(programs.map((program) => program.stop(COLD_TIMEOUT)));
    await this.origin?.close();
  }
}

function common(port: string): string[] {
  return ['--listen', `${LOOPBACK}:${port}`, '--control', `${LOOPBACK}:0`, '--no-mdns', '--log-level', 'warn'];
}

function startManager(mirror: string, port: number): Promise<Potluck> {
  return startPotluck(['--manager', '--mirror', mirror, ...common(String(port))], { detached: true });
}

async function startOrigin({ mirror, size, paths }: DemoOptions) {
  if (mirror !== undefined) {
    const wanted = paths.map((path): Wanted => ({ path, size: undefined, sha256: undefined }));
    return { origin: undefined, url: mirror, wanted };
  }
  const files = demoFiles(size);
  const origin = await startOriginProcess({ files: { ...files, '/': listing(Object.keys(files)) }, detached: true });
  const wanted = await Promise.all(
    Object.entries(files).map(
      async ([path, file]): Promise<Wanted> => ({ path, size: file.size, sha256: await origin.expectedSha256(path) }),
    ),
  );
  return { origin, url: origin.url, wanted };
}

async function ask<T>(url: string): Promise<T> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return (await response.json()) as T;
}
