import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PotluckError } from '../../../src/engine/base/errors.ts';
import type { FaceOptions } from '../../../src/engine/base/running.ts';
import type { Settings } from '../../../src/engine/base/settings.ts';
import { FakeNode, launch, runLine } from './helpers.ts';

const MANAGER = ['--headless', '--manager', '--mirror', 'http://o.example'];

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'potluck-face-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A face under way, with its logs in files: nothing of it reaches this process's own standard error. */
function face(node: FakeNode, more: string[] = []) {
  const given: { settings?: Settings; options?: FaceOptions } = {};
  const run = launch([...MANAGER, '--log', join(folder, 'error.log'), '--state', folder, ...more], {
    cwd: folder,
    start: async (settings, options) => {
      Object.assign(given, { settings, options });
      return node;
    },
  });
  return { ...run, given };
}

const errorLog = () => readFileSync(join(folder, 'error.log'), 'utf8');

async function ready(run: { stdout: () => string }): Promise<void> {
  await expect.poll(run.stdout, { timeout: 5000 }).toContain('ready');
}

describe('a face', () => {
  it('says exactly one line when it is ready, and nothing on standard error', async () => {
    const node = new FakeNode();
    const run = face(node);
    await ready(run);
    node.end();
    expect(await run.outcome).toEqual({
      code: 0,
      stdout: 'potluck manager ready data=http://192.168.1.5:11000 control=http://127.0.0.1:11001\n',
      stderr: '',
    });
    expect(run.given.settings).toMatchObject({ face: 'manager', state: folder });
  });

  it('says so when its control port is off', async () => {
    const node = new FakeNode();
    node.ready.control = undefined;
    const run = face(node);
    await ready(run);
    node.end();
    expect((await run.outcome).stdout).toMatch(/ control=off\n$/);
  });

  it('that cannot start says why in one line', async () => {
    const start = async () => {
      throw new PotluckError('POTLUCK_PORT_IN_USE', '11000');
    };
    const run = await runLine([...MANAGER, '--log', join(folder, 'e.log')], { start });
    expect(run).toEqual({ code: 1, stdout: '', stderr: 'potluck: the port is in use: 11000\n' });
    const bad = async () => {
      throw new Error('first line\n    at something (file.ts:1)');
    };
    const other = await runLine([...MANAGER, '--log', join(folder, 'e.log')], { start: bad });
    expect(other).toEqual({ code: 1, stdout: '', stderr: 'potluck: first line at something (file.ts:1)\n' });
  });

  it('whose settings only the engine can judge exits with 2 all the same', async () => {
    const start = async () => {
      throw new PotluckError('POTLUCK_USAGE', 'bad value "never" for --hours');
    };
    const run = await runLine([...MANAGER, '--log', join(folder, 'e.log')], { start });
    expect(run).toMatchObject({ code: 2, stderr: 'potluck: bad value "never" for --hours\n' });
  });

  it('whose log cannot be written says so', async () => {
    writeFileSync(join(folder, 'file'), '');
    const run = await runLine([...MANAGER, '--log', join(folder, 'file', 'e.log')]);
    expect(run).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^potluck: a file cannot be written: .*\(E\w+\)\n$/),
    });
  });

  it('that ends with an error exits with 1', async () => {
    const node = new FakeNode();
    const run = face(node);
    await ready(run);
    node.end(new PotluckError('POTLUCK_KEY_CHANGED'));
    expect(await run.outcome).toMatchObject({ code: 1, stderr: expect.stringMatching(/not the one that was joined/) });
  });
});

describe('stopping a face', () => {
  it('once closes it warm: it ends when the downloads have', async () => {
    const node = new FakeNode();
    const run = face(node);
    await ready(run);
    run.interruptions.stop();
    await expect.poll(() => node.calls, { timeout: 10_000 }).toEqual(['drain']);
    node.drained.resolve();
    expect((await run.outcome).code).toBe(0);
    expect(node.calls).toEqual(['drain']);
  });

  it('twice closes it cold', async () => {
    const node = new FakeNode();
    const run = face(node);
    await ready(run);
    run.interruptions.stop();
    run.interruptions.stop();
    expect((await run.outcome).code).toBe(0);
    expect(node.calls).toEqual(['drain', 'close']);
  });

  it('cold ends in time even where something hangs', async () => {
    const node = new FakeNode();
    node.closeHangs = true;
    const run = face(node);
    await ready(run);
    const started = performance.now();
    run.interruptions.stop(true);
    expect((await run.outcome).code).toBe(0);
    expect(performance.now() - started).toBeLessThan(5000);
    expect(node.calls).toEqual(['close']);
  });

  it('while it starts gives the start up, without a ready line', async () => {
    let signal: AbortSignal | undefined;
    const run = launch([...MANAGER, '--log', join(folder, 'e.log')], {
      start: (_settings, options) => {
        signal = options.signal;
        return new Promise((_, reject) =>
          options.signal.addEventListener('abort', () => reject(options.signal.reason)),
        );
      },
    });
    await expect.poll(() => signal, { timeout: 10_000 }).toBeDefined();
    run.interruptions.stop();
    expect(await run.outcome).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('by an error that nobody caught says goodbye, and exits with 1', async () => {
    const node = new FakeNode();
    const run = face(node);
    await ready(run);
    run.interruptions.fatal(new Error('a bug'));
    expect((await run.outcome).code).toBe(1);
    expect(node.calls).toEqual(['close']);
    expect(errorLog()).toContain('a bug');
  });
});

describe('SIGHUP', () => {
  it('reopens both logs after they were moved away, and reads the certificates again', async () => {
    const node = new FakeNode();
    const run = face(node, ['--access-log', 'access.log']);
    await ready(run);
    const access = join(folder, 'access.log');
    run.given.options?.access.record({ target: '/before' });
    await expect.poll(() => readFileSync(access, 'utf8'), { timeout: 5000 }).toContain('/before');
    for (const name of ['access.log', 'error.log']) renameSync(join(folder, name), join(folder, `${name}.1`));
    run.interruptions.reload();
    expect(node.calls).toEqual(['reload']);
    // The access log is reopened in the background; lines of that moment may still reach the old file.
    const again = () => {
      run.given.options?.access.record({ target: '/after' });
      return existsSync(access) ? readFileSync(access, 'utf8') : '';
    };
    await expect.poll(again, { timeout: 10_000, interval: 100 }).toContain('/after');
    run.given.options?.log.info({ n: 7 }, 'after');
    node.end();
    await run.outcome;
    expect(readFileSync(access, 'utf8')).not.toContain('/before');
    expect(readFileSync(`${access}.1`, 'utf8')).toMatch(/^\{"target":"\/before"\}\n/);
    expect(errorLog()).toContain('"n":7');
    expect(errorLog()).not.toContain('started');
  });

  it('with a certificate that cannot be read leaves the node running', async () => {
    const node = new FakeNode();
    node.reloadFails = true;
    const run = face(node);
    await ready(run);
    run.interruptions.reload();
    node.end();
    expect((await run.outcome).code).toBe(0);
    expect(errorLog()).toContain('no such certificate');
  });
});

describe('the configuration file', () => {
  it('is put aside by --reset-config, not thrown away', async () => {
    const file = join(folder, 'potluck.yaml');
    writeFileSync(file, 'capacity: 5\n');
    const node = new FakeNode();
    const run = face(node, ['--reset-config']);
    await ready(run);
    node.end();
    await run.outcome;
    expect(run.given.settings).toMatchObject({ capacity: 100 });
    expect(existsSync(file)).toBe(false);
    expect(readFileSync(`${file}.old`, 'utf8')).toBe('capacity: 5\n');
  });
});
