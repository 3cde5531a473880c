import { readFileSync } from 'node:fs';
import { get } from 'node:http';

/** Milliseconds between two looks. */
const INTERVAL = 10;
const WINDOW = 1000;
/** Between the beginnings of neighbouring windows. */
const STEP = 100;
/** A second in which the machine kept a process from running for longer at a stretch says nothing about the program, milliseconds. */
const EXCUSED = 12;

/** What a total was at a moment, and for how long the processes had been kept waiting for a processor by then. */
interface Sample {
  readonly at: number;
  readonly total: number;
  readonly waited: number;
}

/** Looks at a growing total again and again, and says how much it grew in any second. */
export class Recorder implements Disposable {
  readonly #total: () => number;
  readonly #waited: () => number;
  readonly #samples: Sample[] = [];
  readonly #timer: NodeJS.Timeout;

  /** `pids`: the processes that must run for the total to be what it should */
  constructor(total: () => number, pids: readonly number[]) {
    this.#total = total;
    this.#waited = () => pids.reduce((sum, pid) => sum + waitedForProcessor(pid), 0);
    this.#look();
    this.#timer = setInterval(() => this.#look(), INTERVAL);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  /** Growth per second in each window of a second since a moment of `performance.now()` in which the processes could run. */
  windows(from: number): number[] {
    const rates: number[] = [];
    const end = (this.#samples.at(-1) as Sample).at;
    for (let start = from; start + WINDOW <= end; start += STEP) {
      const samples = this.#samples.slice(this.#from(start), this.#from(start + WINDOW) + 1);
      const [first, last] = [samples[0] as Sample, samples.at(-1) as Sample];
      const stalled = samples.some((sample, i) => i > 0 && sample.waited - (samples[i - 1] as Sample).waited > EXCUSED);
      if (!stalled) rates.push(((last.total - first.total) * 1000) / (last.at - first.at));
    }
    return rates;
  }

  /** Growth per second from a moment until now. */
  rate(from: number): number {
    const [first, last] = [this.#samples[this.#from(from)] as Sample, this.#samples.at(-1) as Sample];
    return ((last.total - first.total) * 1000) / (last.at - first.at);
  }

  #look(): void {
    const waited = this.#waited();
    const before = performance.now();
    const total = this.#total();
    this.#samples.push({ total, waited, at: (before + performance.now()) / 2 });
  }

  /** Place of the first sample from a moment on. */
  #from(moment: number): number {
    const place = this.#samples.findIndex(({ at }) => at >= moment);
    if (place === -1) throw new Error('that moment was not recorded');
    return place;
  }
}

/** Milliseconds for which a process was ready to run and did not get a processor (Linux, scheduler statistics: schedstat). */
function waitedForProcessor(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6;
}

/**
 * Bytes that a process has written, or read, by system calls since it started (proc(5): wchar, rchar). While it touches no files, that is what
 * went over all its sockets, heads of messages and session included: the kernel's count, not the program's.
 */
export function socketBytes(pid: number, direction: 'sent' | 'received'): number {
  const name = direction === 'sent' ? 'wchar' : 'rchar';
  return Number(new RegExp(`^${name}: (\\d+)$`, 'm').exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1]);
}

/** A client that reads as fast as it can; `bytes` is how far it has come. */
export class Reader {
  bytes = 0;
  #request: ReturnType<typeof get>;

  constructor(url: string) {
    this.#request = this.#read(url);
  }

  stop(): void {
    this.#request.destroy();
  }

  /** Follows a redirect. */
  #read(url: string): ReturnType<typeof get> {
    const request = get(url, { agent: false }, (response) => {
      response.on('data', (chunk: Buffer) => {
        this.bytes += chunk.length;
      });
      response.on('error', () => undefined); // stopped
      const { location } = response.headers;
      if (location !== undefined) this.#request = this.#read(new URL(location, url).href);
    });
    return request.on('error', () => undefined);
  }
}
