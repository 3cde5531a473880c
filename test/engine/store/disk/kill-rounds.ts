import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { OwnedProcess } from '../../../support/process.ts';
import { bodyOf, DIRECTORIES, directoryOf, KEYS, name, WORKERS } from './kill-body.ts';
import { bytesOf, type Opened, type Rig } from './rig.ts';

/** What a key may hold: versions, 0 for nothing. */
type Allowed = ReadonlySet<number>;

/** What a killed process had said, and what that allows to be found afterwards. */
class Expected {
  readonly #state = new Map<string, Allowed>();
  highest = 0;

  allowed(worker: number, directory: number, key: number): Allowed {
    return this.#state.get(`${worker} ${directory} ${key}`) ?? new Set([0]);
  }

  settle(worker: number, directory: number, key: number, version: number): void {
    this.#state.set(`${worker} ${directory} ${key}`, new Set([version]));
  }

  /** Takes one line: an operation that has begun may or may not have happened, one that has ended has. */
  hear(line: string): void {
    const [phase, what, worker = 0, directory = 0, key = 0, version = 0] = line.split(' ').map((word, at) => {
      return at < 2 ? word : Number(word);
    }) as [string, string, number, number, number, number];
    if (phase !== 'begin' && phase !== 'end') return;
    this.highest = Math.max(this.highest, version);
    const after = what === 'put' ? version : 0;
    const keys = what === 'wipe' ? Array.from({ length: KEYS }, (_, each) => each) : [key];
    for (const each of keys) {
      const before = phase === 'end' ? [] : this.allowed(worker, directory, each);
      this.#state.set(`${worker} ${directory} ${each}`, new Set([...before, after]));
    }
  }
}

export interface KillFigures {
  rounds: number;
  acknowledged: number;
  found: number;
}

/**
 * Kills a process at random moments of its work, starts on what it left, and looks at every key. `disk`: bytes of the tier; where
 * the ring wraps, what was put may be gone.
 */
export async function killRounds(rig: Rig, rounds: number, disk: number, wraps: boolean): Promise<KillFigures> {
  const folder = await rig.make();
  const expected = new Expected();
  const figures = { rounds: 0, acknowledged: 0, found: 0 };
  for (let round = 0; round < rounds; round++) {
    const program = join(import.meta.dirname, 'kill-main.ts');
    const child = new OwnedProcess(process.execPath, [program, folder, String(disk), String(expected.highest + 1)]);
    const said = listen(child);
    const heard = new Promise((resolve) => child.child.once('close', resolve));
    await expect.poll(() => said().includes('ready'), { timeout: 20_000, interval: 5 }).toBe(true);
    await sleep(Math.random() * 300);
    child.kill('SIGKILL');
    await heard;
    for (const line of said()) expected.hear(line);
    figures.acknowledged += said().filter((line) => line.startsWith('end')).length;
    const opened = await rig.open({ disk });
    expect(opened.store.stats().disk).toMatchObject({ fromSnapshot: false, corrupt: 0 });
    figures.found += await lookAtAll(opened, expected, wraps);
    await opened.store.close();
    figures.rounds++;
  }
  return figures;
}

function listen(child: OwnedProcess): () => string[] {
  let text = '';
  child.child.stdout?.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  // What was cut off in the middle of a line was not said.
  return () => text.split('\n').slice(0, -1);
}

async function lookAtAll(opened: Opened, expected: Expected, wraps: boolean): Promise<number> {
  let found = 0;
  for (let worker = 0; worker < WORKERS; worker++) {
    for (let directory = 0; directory < DIRECTORIES; directory++) {
      for (let key = 0; key < KEYS; key++) {
        const bytes = await bytesOf(opened, directoryOf(worker, directory), name(key));
        const version = bytes === undefined ? 0 : Number(/\/(\d+);/.exec(bytes.toString('latin1', 0, 16))?.[1]);
        if (bytes !== undefined) expect(bytes.equals(bodyOf(key, version))).toBe(true);
        const allowed = expected.allowed(worker, directory, key);
        if (!(wraps && version === 0)) expect([...allowed], `${worker}/${directory}/${key}`).toContain(version);
        expected.settle(worker, directory, key, version);
        if (version > 0) found++;
      }
    }
  }
  return found;
}
