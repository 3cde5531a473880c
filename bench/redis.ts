import { eventually, freePort, tempFolder } from '../test/support/help.ts';
import { OwnedProcess, run } from '../test/support/process.ts';
import { CLIENT_CORE, pinned, SERVER_CORE } from './cores.ts';
import { CONNECTIONS, OBJECTS } from './store-load.ts';

const START_TIMEOUT = 10_000;
const RUN_TIMEOUT = 120_000;
const READY = 'PONG';

/** A private Redis in memory alone, on the server's core. */
export class Redis implements AsyncDisposable {
  readonly #folder = tempFolder('potluck-bench-redis-');
  readonly #port: number;
  readonly #process: OwnedProcess;

  private constructor(port: number) {
    this.#port = port;
    const args = ['redis-server', '--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    const [command = '', ...rest] = pinned(SERVER_CORE, [...args, '--dir', this.#folder.path]);
    this.#process = new OwnedProcess(command, rest, { detached: true });
  }

  static async start(): Promise<Redis> {
    const redis = new Redis(await freePort());
    await eventually(async () => {
      const { stdout } = await run('redis-cli', ['-p', String(redis.#port), 'ping'], { timeout: START_TIMEOUT });
      return stdout.includes(READY);
    }, START_TIMEOUT);
    return redis;
  }

  /** Requests a second by redis-benchmark, on the client's core, of values of so many bytes. `get` finds what `set` before it has set. */
  async measure(test: 'get' | 'set', size: number, requests: number): Promise<number> {
    const tests = test === 'get' ? 'set,get' : 'set';
    const load = [
      '-t',
      tests,
      '-d',
      String(size),
      '-n',
      String(requests),
      '-c',
      String(CONNECTIONS),
      '-r',
      String(OBJECTS),
    ];
    const args = ['redis-benchmark', '-h', '127.0.0.1', '-p', String(this.#port), ...load, '--csv'];
    const [command = '', ...rest] = pinned(CLIENT_CORE, args);
    const { code, stdout, stderr } = await run(command, rest, { timeout: RUN_TIMEOUT });
    const rate = new RegExp(`^"${test.toUpperCase()}","([\\d.]+)"`, 'm').exec(stdout)?.[1];
    if (code !== 0 || rate === undefined) throw new Error(`redis-benchmark: ${stderr.trim() || stdout.trim()}`);
    return Number(rate);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.stop();
    this.#folder.remove();
  }
}
