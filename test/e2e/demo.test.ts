import { existsSync, symlinkSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type Origin, startOrigin } from '../support/origin.ts';
import { COMPILED_ONCE, collectText } from '../support/process.ts';
import { eventually, OwnedProcess, type RunResult, run, sha256OfUrl, stopAll, tempFolder } from '../support/program.ts';

const DEMO = resolve(import.meta.dirname, '../../demo/demo.ts');
const TIMEOUT = 60_000;

function demo(args: readonly string[], env: Record<string, string> = {}): Promise<RunResult> {
  return run(process.execPath, [DEMO, ...args], { timeout: TIMEOUT, env: { ...COMPILED_ONCE, NO_COLOR: '1', ...env } });
}

/** A PATH without curl; setpriv, with which tests tie children to themselves, stays where it is there. */
function pathWithoutCurl(folder: string): string {
  const setpriv = (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((at) => join(at, 'setpriv'))
    .find(existsSync);
  if (setpriv !== undefined) symlinkSync(setpriv, join(folder, 'setpriv'));
  return folder;
}

/** The only group of a pattern in a text. */
function found(text: string, pattern: RegExp): string {
  const match = pattern.exec(text)?.[1];
  if (match === undefined) throw new Error(`${pattern} is not in: ${text}`);
  return match;
}

afterEach(stopAll);

describe('the demo', () => {
  it(
    'pulls files through peers, says what it cost the origin, and ends by itself',
    async () => {
      const { code, stdout, stderr } = await demo(['--once', '--size', '2M', '--clients', '3', '--peers', '2']);
      expect([stderr, code]).toEqual(['', 0]);
      expect(stdout).toMatch(/^ {2}cold +69 /m); // 3 clients, 23 files
      expect(stdout).toMatch(/^ {2}warm +69 +\S+ \S+ +0 B /m);
      expect(stdout).toContain("SHA-256 of all 138 downloads: the origin's.");
      expect(Number(found(stdout, /hit ratio ([\d.]+) %/))).toBeGreaterThan(80); // one of six times is 83.3 %
      expect(stdout).toMatch(/^ {2}peer 1 +[1-9]/m);
      expect(stdout).toMatch(/^ {2}peer 2 +[1-9]/m);
      expect(stdout).toMatch(/^Everybody has left politely/m);
    },
    TIMEOUT,
  );

  it(
    'finds its way without curl',
    async () => {
      const options = ['--once', '--size', '64K', '--clients', '2', '--peers', '1'];
      using folder = tempFolder();
      const { code, stdout } = await demo(options, { PATH: pathWithoutCurl(folder.path) });
      expect(stdout).toContain('2 clients (the built-in client) pull 23 files at once');
      expect(stdout).toContain("SHA-256 of all 92 downloads: the origin's.");
      expect(code).toBe(0);
    },
    TIMEOUT,
  );

  it.each([
    [['--clients', 'many'], '--clients many'],
    [['--path', '/x'], '--path needs --mirror'],
    [['--mirror', 'ftp://x/'], '--mirror ftp://x/'],
    [['--frobnicate'], '--frobnicate'],
    [['--size', '0'], '--size 0'],
  ])('says in one line what is wrong with %j', async (args, reason) => {
    const { code, stdout, stderr } = await demo(args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^demo: [^\n]+\n$/);
    expect(stderr).toContain(reason);
  });

  it('explains itself', async () => {
    const { code, stdout } = await demo(['--help']);
    expect(code).toBe(0);
    for (const option of ['--once', '--mirror', '--path', '--clients', '--peers', '--size', '--port']) {
      expect(stdout).toContain(option);
    }
  });
});

describe('the demo, staying up', () => {
  let origin: Origin;
  afterEach(() => origin.close());

  it(
    'mirrors a real origin, pulls nothing unasked, and drains on Ctrl-C',
    async () => {
      origin = await startOrigin({ files: { '/file': { size: 300_000, cacheControl: 'max-age=60' } } });
      const demonstration = new OwnedProcess(process.execPath, [DEMO, '--mirror', origin.url, '--peers', '1'], {
        env: { ...COMPILED_ONCE, NO_COLOR: '1' },
      });
      const said = collectText(demonstration.child.stdout);
      await eventually(() => said().includes('Ctrl-C drains'), TIMEOUT);
      expect(origin.stats.requests('/file')).toBe(0);
      const manager = found(said(), /^ {2}manager +(\S+)$/m);
      const got = await sha256OfUrl(`${manager}/file`);
      expect(got).toMatchObject({ status: 200, sha256: await origin.expectedSha256('/file') });
      expect(got.url).toContain(new URL(found(said(), /^ {2}peer 1 +(\S+)$/m)).host);
      demonstration.kill('SIGINT');
      expect(await demonstration.exited).toEqual({ code: 0, signal: null });
      expect(said()).toContain('Everybody has left politely');
      await expect(sha256OfUrl(`${manager}/file`)).rejects.toThrow('ECONNREFUSED');
    },
    TIMEOUT,
  );
});
