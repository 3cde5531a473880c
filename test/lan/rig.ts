import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { have, OwnedProcess, type RunOptions, type RunResult, run, type SpawnOptions } from '../support/process.ts';

/** A machine of the LAN. */
export interface HostSpec {
  readonly name: string;
  /** 1 (default): on the first network. 2: on both. `second`: on the second alone. */
  readonly interfaces?: 1 | 2 | 'second';
  /** Speed of each of its links, both directions, as tc spells it: '100mbit'. Unlimited where not given. */
  readonly rate?: string;
}

export interface LanSpec {
  readonly hosts: readonly HostSpec[];
}

const GOODPUT = resolve(import.meta.dirname, 'goodput-main.ts');
const PREFIX = 'potluck';
/** Bytes that may leave at once: enough for full speed with a 4 ms timer at 1 Gbit/s, too little to falsify a second's measurement. */
const BURST = '64kb';
const QUEUE = '50ms';

let refused: string | undefined | null = null;

/** True where namespaces can be made (Linux, root, iproute2); otherwise the reason is printed once. */
export function canRun(): boolean {
  if (refused === null) {
    refused = whyNot();
    if (refused !== undefined) console.warn(`skipped: ${refused}`);
  }
  return refused === undefined;
}

function whyNot(): string | undefined {
  if (process.platform !== 'linux') return 'network namespaces need Linux';
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  if (!have('ip') || !have('tc')) return 'iproute2 is not installed';
  const name = `${PREFIX}-${process.pid}-try`;
  const made = spawnSync('ip', ['netns', 'add', name], { encoding: 'utf8' });
  if (made.status !== 0) return `a network namespace cannot be made: ${made.stderr.trim()}`;
  spawnSync('ip', ['netns', 'del', name]);
  return undefined;
}

function ip(...args: string[]): void {
  command('ip', args);
}

function command(program: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr.trim()}`);
}

/** Removes what earlier runs left behind whose process is gone; its id is part of the names. */
function removeStale(): void {
  const list = spawnSync('ip', ['netns', 'list'], { encoding: 'utf8' }).stdout ?? '';
  for (const [, name = '', pid = ''] of list.matchAll(new RegExp(`^(${PREFIX}-(\\d+)-\\S+)`, 'gm'))) {
    if (!existsSync(`/proc/${pid}`)) spawnSync('ip', ['netns', 'del', name]);
  }
}

let lans = 0;

/**
 * A LAN inside this machine: one network namespace per host, joined by veth pairs to one or two bridges (10.77.1.0/24 and 10.77.2.0/24) that live in
 * a namespace of their own. Nothing of the machine's own network is touched, and there is no way out of it.
 */
export class Lan implements AsyncDisposable {
  readonly #base = `${PREFIX}-${process.pid}-${++lans}`;
  readonly #switch = `${this.#base}-switch`;
  readonly #hosts = new Map<string, HostSpec>();
  readonly #processes = new Set<OwnedProcess>();
  readonly #onExit = () => this.#remove();

  /** Builds it; what was built is removed again when a step fails. */
  constructor({ hosts }: LanSpec) {
    removeStale();
    process.on('exit', this.#onExit);
    try {
      this.#makeSwitch();
      for (const host of hosts) this.#makeHost(host);
    } catch (error) {
      this.#remove();
      throw error;
    }
  }

  /** Name of a host's namespace: for `startPotluck(args, { netns })`. */
  netns(host: string): string {
    if (!this.#hosts.has(host)) throw new Error(`there is no host ${host}`);
    return `${this.#base}-${host}`;
  }

  /** IPv4 address of a host on the first or second network. */
  address(host: string, network: 1 | 2 = 1): string {
    const index = [...this.#hosts.keys()].indexOf(host);
    if (index === -1) throw new Error(`there is no host ${host}`);
    return `10.77.${network}.${index + 1}`;
  }

  /** Runs a program on a host to its end. */
  exec(host: string, program: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    return run(program, args, { ...options, netns: this.netns(host) });
  }

  /** Starts a program on a host; it ends with the LAN at the latest. */
  spawn(host: string, program: string, args: readonly string[], options: SpawnOptions = {}): OwnedProcess {
    const started = new OwnedProcess(program, args, { ...options, netns: this.netns(host) });
    this.#processes.add(started);
    return started;
  }

  /** Pulls the cable: the host keeps its addresses and gets no word, its packets go nowhere. */
  linkDown(host: string, network: 1 | 2 = 1): void {
    ip('-n', this.#switch, 'link', 'set', this.#port(host, network), 'down');
  }

  linkUp(host: string, network: 1 | 2 = 1): void {
    ip('-n', this.#switch, 'link', 'set', this.#port(host, network), 'up');
  }

  /** Takes an interface down on the host itself: its own programs see it go. */
  interfaceDown(host: string, network: 1 | 2 = 1): void {
    ip('-n', this.netns(host), 'link', 'set', `eth${network}`, 'down');
  }

  interfaceUp(host: string, network: 1 | 2 = 1): void {
    ip('-n', this.netns(host), 'link', 'set', `eth${network}`, 'up');
    this.#routeMulticast(this.netns(host), network);
  }

  /** TCP goodput from one host to another, bytes of payload a second, measured at the receiver. */
  async goodput(from: string, to: string, seconds = 2): Promise<number> {
    const receiver = this.exec(to, process.execPath, [GOODPUT, 'receive', this.address(to), String(seconds)]);
    const sender = this.exec(from, process.execPath, [GOODPUT, 'send', this.address(to), String(seconds)]);
    const [received] = await Promise.all([receiver, sender]);
    const rate = Number(received.stdout);
    if (received.code !== 0 || !(rate > 0)) throw new Error(`goodput could not be measured: ${received.stderr}`);
    return rate;
  }

  /** Ends the programs started here and removes every namespace, with them links and bridges. Idempotent. */
  async close(): Promise<void> {
    await Promise.all([...this.#processes].map((started) => started.stop(0).catch(() => undefined)));
    this.#remove();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #remove(): void {
    process.off('exit', this.#onExit);
    for (const host of this.#hosts.keys()) spawnSync('ip', ['netns', 'del', `${this.#base}-${host}`]);
    spawnSync('ip', ['netns', 'del', this.#switch]);
    this.#hosts.clear();
  }

  #makeSwitch(): void {
    ip('netns', 'add', this.#switch);
    for (const bridge of ['net1', 'net2']) {
      // Without a querier on the network, snooping would stop multicast after a while.
      ip('-n', this.#switch, 'link', 'add', bridge, 'type', 'bridge', 'mcast_snooping', '0', 'forward_delay', '0');
      ip('-n', this.#switch, 'link', 'set', bridge, 'up');
    }
  }

  #makeHost(host: HostSpec): void {
    if (!/^[a-z0-9-]{1,20}$/.test(host.name)) throw new Error(`${host.name} is not a good name for a host`);
    this.#hosts.set(host.name, host);
    const netns = `${this.#base}-${host.name}`;
    ip('netns', 'add', netns);
    ip('-n', netns, 'link', 'set', 'lo', 'up');
    const { interfaces = 1 } = host;
    if (interfaces !== 'second') this.#connect(host, 1);
    if (interfaces !== 1) this.#connect(host, 2);
  }

  #connect({ name, rate }: HostSpec, network: 1 | 2): void {
    const netns = this.netns(name);
    const port = this.#port(name, network);
    const card = `eth${network}`;
    ip('-n', this.#switch, 'link', 'add', port, 'type', 'veth', 'peer', 'name', card, 'netns', netns);
    ip('-n', this.#switch, 'link', 'set', port, 'master', `net${network}`, 'up');
    ip('-n', netns, 'address', 'add', `${this.address(name, network)}/24`, 'brd', '+', 'dev', card);
    ip('-n', netns, 'link', 'set', card, 'up');
    this.#routeMulticast(netns, network);
    if (rate === undefined) return;
    for (const [where, device] of [
      [netns, card],
      [this.#switch, port],
    ] as const) {
      const shape = ['root', 'tbf', 'rate', rate, 'burst', BURST, 'latency', QUEUE];
      command('tc', ['-n', where, 'qdisc', 'add', 'dev', device, ...shape]);
    }
  }

  /** Where programs do not name an interface: by the first network, else by the second. */
  #routeMulticast(netns: string, network: 1 | 2): void {
    const metric = String(network * 100);
    ip('-n', netns, 'route', 'replace', '224.0.0.0/4', 'dev', `eth${network}`, 'metric', metric);
  }

  /** Name of the switch's end of a link (15 characters at most). */
  #port(host: string, network: 1 | 2): string {
    return `p${[...this.#hosts.keys()].indexOf(host)}-${network}`;
  }
}

/** A LAN that is up. Use it with `await using`, or call `close()`. Throws where `canRun()` is false. */
export function createLan(spec: LanSpec): Lan {
  return new Lan(spec);
}
