import { eventually, type Potluck, startPotluck, type TempFolder, tempFolder } from '../support/program.ts';

export interface ClusterOptions {
  /** The origin's base URL. */
  readonly mirror: string;
  /** How many peers; 0 where not given. */
  readonly peers?: number;
  /** Further arguments of the manager and of each peer. */
  readonly manager?: readonly string[];
  readonly peer?: readonly string[];
  /** Where the manager listens; a free port where not given. A manager that is to be restarted needs one of its own. */
  readonly port?: number;
}

const JOIN_TIMEOUT = 15_000;
const QUIET = ['--no-mdns', '--log-level', 'warn', '--control', '127.0.0.1:0'];

/** A manager and its peers on loopback, each a process of its own. The clients of a test see nothing but their ports. */
export class TestCluster implements AsyncDisposable {
  readonly peers: Potluck[] = [];
  readonly #options: ClusterOptions;
  /** The manager's state outlives its process. */
  readonly #state: TempFolder = tempFolder('potluck-manager-');
  #manager: Potluck | undefined;

  private constructor(options: ClusterOptions) {
    this.#options = options;
  }

  /** Starts all of them, and waits until the manager sends clients to every peer. */
  static async start(options: ClusterOptions): Promise<TestCluster> {
    const cluster = new TestCluster(options);
    try {
      await cluster.#startManager();
      await Promise.all(Array.from({ length: options.peers ?? 0 }, () => cluster.addPeer()));
      await cluster.joined();
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
    return cluster;
  }

  get manager(): Potluck {
    if (this.#manager === undefined) throw new Error('the manager does not run');
    return this.#manager;
  }

  /** Base URL of the manager's data port. */
  get url(): string {
    return this.manager.data;
  }

  /** `port`: where it listens; a free one where not given. */
  async addPeer(args: readonly string[] = [], port = 0): Promise<Potluck> {
    const listen = ['--listen', `127.0.0.1:${port}`];
    const own = [...(this.#options.peer ?? []), ...args];
    const peer = await startPotluck(['--peer', '--upstream', this.url, ...listen, ...QUIET, ...own]);
    this.peers.push(peer);
    return peer;
  }

  /** Waits until the manager counts so many active nodes; all peers where not given. Milliseconds that it took. */
  async joined(count = this.peers.length, timeout = JOIN_TIMEOUT): Promise<number> {
    const began = performance.now();
    await eventually(
      async () => (await this.nodes()).filter(({ status }) => status === 'active').length === count,
      timeout,
      25,
    );
    return performance.now() - began;
  }

  async nodes(): Promise<NodeInfo[]> {
    const answer = (await getJson(`${this.manager.control}/nodes`)) as { nodes: NodeInfo[] };
    return answer.nodes;
  }

  /** The peer that has this data port. */
  peerAt(url: string): Potluck {
    const { port } = new URL(url);
    const peer = this.peers.find(({ data }) => new URL(data).port === port);
    if (peer === undefined) throw new Error(`there is no peer at ${url}`);
    return peer;
  }

  /** kill -9, and at once a new process on the same port with the same state. */
  async restartManager(): Promise<void> {
    await this.manager.stop(0);
    await this.#startManager();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.peers, this.#manager].map((node) => node?.stop(0)));
    this.#state.remove();
  }

  async #startManager(): Promise<void> {
    const { mirror, port = 0, manager = [] } = this.#options;
    const args = ['--manager', '--mirror', mirror, '--listen', `127.0.0.1:${port}`, ...QUIET, ...manager];
    this.#manager = await startPotluck(args, { state: this.#state.path });
  }
}

export interface NodeInfo {
  readonly id: string;
  readonly url: string;
  readonly status: 'active' | 'inactive';
}

export async function getJson(url: string): Promise<unknown> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return response.json();
}
