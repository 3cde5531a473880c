import { Cluster } from './cluster.ts';
import { type Client, findClient } from './download.ts';
import { type DemoOptions, readOptions, USAGE, UsageError } from './options.ts';
import { pull } from './pull.ts';
import {
  type Pass,
  printAddresses,
  printInvitation,
  printNodes,
  printPasses,
  printSavings,
  printSums,
  took,
} from './report.ts';
import { Screen } from './screen.ts';
import { aborted, Stop } from './stop.ts';

const INTERRUPTED = 130;

/** Runs the demo to its end; the exit code. */
async function main(args: readonly string[], screen: Screen): Promise<number> {
  const options = readOptions(args);
  if (options.help) {
    screen.line(USAGE.trimEnd());
    return 0;
  }
  const stop = new Stop();
  const leave = () => process.exit(INTERRUPTED); // nothing to be polite about yet: children go with their parent
  stop.asked.addEventListener('abort', leave);
  const { client, name } = await findClient();
  screen.line(`${screen.bold('Potluck demo')}: an origin, a manager and ${options.peers} peers on this machine`);
  screen.line();
  const cluster = await Cluster.start(options);
  stop.asked.removeEventListener('abort', leave);
  return new Demo(screen, options, cluster, stop).run(client, name);
}

/** The demo once its programs run. */
class Demo {
  readonly #screen: Screen;
  readonly #options: DemoOptions;
  readonly #cluster: Cluster;
  readonly #stop: Stop;
  /** Aborts when a program that is needed has ended by itself. */
  readonly #broken = new AbortController();

  constructor(screen: Screen, options: DemoOptions, cluster: Cluster, stop: Stop) {
    this.#screen = screen;
    this.#options = options;
    this.#cluster = cluster;
    this.#stop = stop;
    cluster.watch(({ name, code }) => {
      screen.line(`${name} has ended${code === 0 ? '' : ` (${screen.bad(String(code ?? 'killed'))})`}`);
      if (name.startsWith('the ') || cluster.peers.every(({ process }) => !process.alive)) this.#broken.abort();
    });
  }

  async run(client: Client, name: string): Promise<number> {
    const signal = AbortSignal.any([this.#stop.asked, this.#broken.signal]);
    let code = 0;
    try {
      printAddresses(this.#screen, this.#cluster);
      if (this.#cluster.wanted.length > 0) code = await this.#show(client, name, signal);
      if (!this.#options.once) await this.#stay(signal);
    } catch (error) {
      if (!signal.aborted) this.#screen.line(this.#screen.bad((error as Error).message));
      code = signal.aborted && this.#stop.asked.aborted ? INTERRUPTED : 1;
    }
    const ended = await this.#end();
    return this.#broken.signal.aborted ? 1 : code || ended;
  }

  /** The downloads and what is to be said of them; 1 if bytes were wrong. */
  async #show(client: Client, name: string, signal: AbortSignal): Promise<number> {
    const { clients } = this.#options;
    const count = this.#cluster.wanted.length;
    this.#screen.line(`${clients} clients (${name}) pull ${count === 1 ? 'a file' : `${count} files`} at once, twice:`);
    this.#screen.line();
    const passes: Pass[] = [];
    for (const pass of ['cold', 'warm']) passes.push(await this.#pass(pass, client, signal));
    printPasses(this.#screen, passes);
    printSavings(this.#screen, passes);
    const right = printSums(this.#screen, passes, this.#cluster.origin !== undefined);
    await printNodes(this.#screen, this.#cluster, passes);
    return right ? 0 : 1;
  }

  async #pass(name: string, client: Client, signal: AbortSignal): Promise<Pass> {
    const { clients } = this.#options;
    const { wanted, manager } = this.#cluster;
    const before = await this.#cluster.originBytes();
    const total = wanted.reduce((sum, { size }) => sum + (size ?? 0), 0) * clients;
    const onBytes = this.#screen.progress(total);
    const done = await pull(wanted, { base: manager.data, clients, client, signal, onBytes });
    this.#screen.clear();
    return { name, pull: done, origin: (await this.#cluster.originBytes()) - before };
  }

  async #stay(signal: AbortSignal): Promise<void> {
    if (this.#cluster.wanted.length === 0) this.#screen.line('Nothing was pulled: --path names what to pull.\n');
    printInvitation(this.#screen, this.#cluster);
    const alive = setInterval(() => undefined, 60_000); // signals alone do not keep a process up
    await aborted(signal);
    clearInterval(alive);
    this.#screen.line();
  }

  /** Everybody leaves: warm, or cold where the person insists; 1 if somebody ended badly. */
  async #end(): Promise<number> {
    const began = performance.now();
    if (!this.#options.once)
      this.#screen.line('Draining: running downloads finish, then peers leave, then the manager ...');
    const outcome = await Promise.race([
      this.#cluster.drain(),
      aborted(this.#stop.insisted).then(() => 'cold' as const),
    ]);
    if (outcome === 'cold') await this.#cluster.kill();
    const how = outcome === 'cold' ? 'at once' : outcome ? 'politely' : this.#screen.bad('badly');
    this.#screen.line(`Everybody has left ${how}, after ${took(performance.now() - began)}.`);
    return outcome === false ? 1 : 0;
  }
}

const screen = new Screen(process.stdout);
main(process.argv.slice(2), screen).then(
  (code) => process.exit(code),
  (error: unknown) => {
    screen.clear();
    process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(error instanceof UsageError ? 2 : 1);
  },
);
