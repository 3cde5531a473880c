import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { collectText } from '../../support/process.ts';

const MAIN = join(import.meta.dirname, 'interruptions-main.ts');

let child: ChildProcess | undefined;
afterEach(() => child?.kill('SIGKILL'));

async function start(env: Record<string, string> = {}): Promise<() => string[]> {
  child = spawn(process.execPath, [MAIN], {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'inherit', 'ipc'],
  });
  const said = collectText(child.stdout);
  const lines = () => said().trimEnd().split('\n').slice(1);
  await expect.poll(said, { timeout: 10_000 }).toContain('ready');
  return lines;
}

describe('a signal', () => {
  it('SIGINT that comes twice at once is one Ctrl-C, and the next one is another', async () => {
    const lines = await start();
    child?.kill('SIGINT');
    await expect.poll(lines, { timeout: 10_000 }).toEqual(['warm']);
    await sleep(400);
    child?.kill('SIGINT');
    child?.kill('SIGINT');
    await expect.poll(lines, { timeout: 10_000 }).toEqual(['warm', 'warm']);
    await sleep(100);
    expect(lines()).toEqual(['warm', 'warm']);
  });

  it('SIGTERM counts each time, SIGHUP reloads', async () => {
    const lines = await start();
    child?.kill('SIGTERM');
    await expect.poll(lines, { timeout: 10_000 }).toEqual(['warm']);
    child?.kill('SIGTERM');
    await expect.poll(lines, { timeout: 10_000 }).toEqual(['warm', 'warm']);
    child?.kill('SIGHUP');
    await expect.poll(lines, { timeout: 10_000 }).toEqual(['warm', 'warm', 'reload']);
  });
});

describe('the end of the process that restarted this one', () => {
  it('stops it cold', async () => {
    const lines = await start({ POTLUCK_RESTARTED: '1' });
    child?.disconnect();
    await expect.poll(lines, { timeout: 10_000 }).toEqual(['cold']);
  });

  it('is of no concern to one that was started otherwise', async () => {
    const lines = await start();
    child?.disconnect();
    await sleep(200);
    child?.kill('SIGHUP');
    await expect.poll(lines, { timeout: 10_000 }).toEqual(['reload']);
  });
});
