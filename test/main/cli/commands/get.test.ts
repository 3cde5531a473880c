import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { get } from '../../../../src/engine/client/get.ts';
import { readGetArguments, runGet } from '../../../../src/main/cli/commands/get.ts';
import { ProgressLine } from '../../../../src/main/cli/commands/get-progress.ts';
import type { Engine, Io } from '../../../../src/main/cli/io.ts';
import { bodyOf, ClusterDouble, type PeerOptions, PIECE } from '../../../engine/client/double.ts';

const loadEngine = async () => ({ get }) as unknown as Engine;

let folder = '';
let cluster: ClusterDouble;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'potluck-get-'));
});

afterEach(async () => {
  await cluster?.close();
  await rm(folder, { recursive: true });
});

/** A command line's surroundings that remember everything. */
function surroundings(options: { terminal?: boolean } = {}) {
  const said = { out: '', err: '', bytes: [] as Buffer[], stop: (): void => undefined };
  const io: Io = {
    ...{ env: {}, cwd: folder, platform: 'linux', terminal: options.terminal ?? false },
    stdin: Readable.from([]),
    stdout: (text) => {
      said.out += text;
    },
    stderr: (text) => {
      said.err += text;
    },
    stdoutStream: new Writable({ write: (chunk, _, done) => done(void said.bytes.push(chunk)) }),
    interruptions: {
      onStop: (listener) => {
        said.stop = () => listener(false);
      },
      onReload: () => undefined,
      onFatal: () => undefined,
    },
  };
  return { io, said };
}

async function clusterOf(pieces: number, ...peers: PeerOptions[]): Promise<string> {
  cluster = await new ClusterDouble(bodyOf(pieces * PIECE)).start(...peers);
  return cluster.url;
}

describe('potluck get', () => {
  it('writes the file into the current folder and says what it did in a line', async () => {
    const url = await clusterOf(20, {}, {});
    const { io, said } = surroundings();
    expect(await runGet([url], io, loadEngine)).toBe(0);
    expect((await readFile(join(folder, 'file.bin'))).equals(cluster.version.body)).toBe(true);
    expect(said.out).toMatch(/file\.bin: 80\.0 K, .*verified with the key [0-9a-f]{16}\.\.\. of office\n$/);
    expect(said.err).toBe('');
  });

  it('gives a result object to scripts', async () => {
    const url = await clusterOf(3, {});
    const { io, said } = surroundings();
    expect(await runGet([url, '-o', 'named', '--json', '--key', cluster.identity.fingerprint], io, loadEngine)).toBe(0);
    expect(JSON.parse(said.out)).toMatchObject({ file: join(folder, 'named'), bytes: 3 * PIECE, verified: true });
  });

  it('hands the bytes alone to standard output', async () => {
    const url = await clusterOf(30, {});
    const { io, said } = surroundings();
    expect(await runGet([url, '-o', '-'], io, loadEngine)).toBe(0);
    expect(Buffer.concat(said.bytes).equals(cluster.version.body)).toBe(true);
    expect(said.out).toBe('');
    expect(said.err).toContain('standard output: 120 K');
  });

  it('draws its progress on a terminal and takes it away in the end', async () => {
    const url = await clusterOf(100, { chunk: PIECE, delay: 5 });
    const { io, said } = surroundings({ terminal: true });
    expect(await runGet([url], io, loadEngine)).toBe(0);
    expect(said.err).toMatch(/\rfile\.bin \[=* *\] +\d+%/);
    expect(said.err).toMatch(/\r +\r$/);
    expect(said.err).not.toContain('\n');
  });

  it('stops when it is told to, and goes on the next time', async () => {
    const url = await clusterOf(200, { chunk: 1024, delay: 2 });
    const { io, said } = surroundings();
    const running = runGet([url], io, loadEngine);
    await expect
      .poll(() => readFile(join(folder, 'file.bin.part.jsonl'), 'utf8'), { timeout: 10_000 })
      .toContain('piece":');
    said.stop();
    expect(await running).toBe(130);
    expect(said.err).toMatch(/kept in .*file\.bin\.part; the same command goes on from there\npotluck: stopped\n$/);
    expect(await runGet([url], io, loadEngine)).toBe(0);
    expect((await readFile(join(folder, 'file.bin'))).equals(cluster.version.body)).toBe(true);
    expect(said.out).toContain('from before');
    expect(await readdir(folder)).toEqual(['file.bin']);
  });
});

describe('the arguments of potluck get', () => {
  it.each([
    [[], 'get needs a URL'],
    [['http://a/b', 'c'], 'unexpected argument "c"'],
    [['http://a/b', '-o'], '-o needs a value'],
    [['http://a/b', '--outptu', 'x'], '--outptu'],
    [['http://a/b', '-o', '-', '--json'], 'both want standard output'],
    [['http://a/b', '-o', 'x', '-o', 'y'], '--output is given twice'],
  ])('%j is refused: %s', (argv, message) => {
    expect(() => readGetArguments(argv, '/')).toThrow(
      expect.objectContaining({ code: 'POTLUCK_USAGE', message: expect.stringContaining(message) }),
    );
  });

  it('takes a relative file from the folder it was started in', () => {
    expect(readGetArguments(['u', '-o', 'x/y'], '/home/me').output).toBe('/home/me/x/y');
    expect(readGetArguments(['u', '-o', '/x'], '/home/me').output).toBe('/x');
    expect(readGetArguments(['u'], '/home/me').output).toBe('/home/me');
  });
});

describe('the progress of a download', () => {
  function line(terminal: boolean) {
    const state = { now: 0, text: '' };
    const progress = new ProgressLine({
      ...{ terminal, name: 'a-file-with-a-rather-long-name.iso', now: () => state.now },
      write: (text) => {
        state.text += text;
      },
    });
    return { state, progress };
  }

  it('fits into a terminal and tells share, speed and time left', () => {
    const { state, progress } = line(true);
    for (let second = 0; second <= 3; second++) {
      state.now = second * 1000;
      progress.update({ done: second * 10 * 1024 ** 2, length: 100 * 1024 ** 2, resumed: 0 });
    }
    const last = state.text.split('\r').at(-1) ?? '';
    expect(last).toBe('a-file-with-a-rat... [=======                 ]  30%  10.0 M/s, 7 s left');
    expect(last.length).toBeLessThan(80);
  });

  it('writes a plain line every five seconds where there is no terminal', () => {
    const { state, progress } = line(false);
    for (state.now = 0; state.now < 11_000; state.now += 100)
      progress.update({ done: state.now * 1024, length: 100 * 1024 ** 2, resumed: 0 });
    expect(state.text.trimEnd().split('\n')).toHaveLength(2);
    expect(state.text).toContain(': 4.88 M of 100 M, 4%, 0.98 M/s, 1 min 38 s left\n');
    expect(state.text).not.toContain('\r');
  });

  it('does without a length', () => {
    const { state, progress } = line(true);
    progress.update({ done: 5 * 1024 ** 2, length: undefined, resumed: 0 });
    expect(state.text).toContain('5.00 M');
  });

  it('keeps control characters of a name off the terminal', () => {
    const written: string[] = [];
    const write = (text: string) => void written.push(text);
    new ProgressLine({ write, terminal: true, name: 'a\u001b[2Jb' }).update({ done: 1, length: 2, resumed: 0 });
    expect(written.join('')).not.toContain('\u001b');
  });
});
