import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const COUNT = 10_000_000;
const BENCH = join(import.meta.dirname, '../../../bench/store-engine.ts');
const run = promisify(execFile);

/** Runs one phase of the benchmark in a process of its own and prints its figures. */
async function phase(name: string, folder: string, ...more: string[]): Promise<Record<string, unknown>> {
  const { stdout } = await run(process.execPath, [BENCH, name, folder, ...more], { timeout: 590_000 });
  console.log(stdout.trim());
  return JSON.parse(stdout) as Record<string, unknown>;
}

describe('Ten million objects', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'potluck-ten-million-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('take 900 MB of memory in all, and 45 bytes each in the index, 64 while it grows', async () => {
    const figures = await phase('fill', folder, String(COUNT));
    expect(figures['entries']).toBe(COUNT);
    for (const bytes of Object.values(figures['indexBytesAnObject'] as object)) expect(bytes).toBeLessThanOrEqual(45);
    expect(figures['worstFromHalfAMillion']).toBeLessThanOrEqual(64);
    expect(figures['rssMostMB']).toBeLessThanOrEqual(900);
  });

  it('are there again within five seconds of a clean stop', async () => {
    const figures = await phase('start', folder);
    expect(figures).toMatchObject({ entries: COUNT, fromSnapshot: true });
    expect(figures['milliseconds']).toBeLessThanOrEqual(5000);
  });

  it('and within a minute of a kill -9, from their records', async () => {
    await expect(phase('kill', folder)).rejects.toMatchObject({ signal: 'SIGKILL' });
    const figures = await phase('start', folder);
    expect(figures).toMatchObject({ entries: COUNT, fromSnapshot: false });
    expect(figures['milliseconds']).toBeLessThanOrEqual(60_000);
  });

  it('half of them are deleted in a second, by directory and by tag, while reads go on', async () => {
    const figures = await phase('delete', folder);
    for (const [what, removed] of [
      ['directory', COUNT / 2],
      ['tag', COUNT / 4],
    ] as const) {
      const each = figures[what] as { removed: number; milliseconds: number; p99: number };
      expect(each.removed).toBe(removed);
      expect(each.milliseconds).toBeLessThanOrEqual(1000);
      expect(each.p99).toBeLessThanOrEqual(50);
    }
  });
});
