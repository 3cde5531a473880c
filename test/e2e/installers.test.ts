import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Origin, startOrigin } from '../support/origin.ts';
import {
  curl,
  eventually,
  type Potluck,
  runPotluck,
  stopAll,
  type TempFolder,
  tempFolder,
} from '../support/program.ts';
import { startManager } from './nodes.ts';

const SETUP = 'potluck-1.2.0-win-x64.exe';
const content = randomBytes(3_000_000);

let origin: Origin;
let folder: TempFolder;
let offered: string;
let manager: Potluck;
beforeAll(async () => {
  origin = await startOrigin({ files: { '/f': { size: 10 } } });
  folder = tempFolder();
  offered = join(folder.path, 'offered');
  mkdirSync(join(offered, 'below'), { recursive: true });
  writeFileSync(join(offered, SETUP), content);
  writeFileSync(join(offered, 'update.json'), '{}');
  writeFileSync(join(offered, 'page.html'), '<script>alert(1)</script>');
  writeFileSync(join(offered, '.hidden'), 'secret');
  writeFileSync(join(offered, 'below', 'file'), 'secret');
  writeFileSync(join(folder.path, 'outside'), 'secret');
  symlinkSync(join(folder.path, 'outside'), join(offered, 'way-out'));
  symlinkSync(SETUP, join(offered, 'latest.exe'));
  linkSync(join(offered, 'update.json'), join(offered, 'update-copy.json'));
  manager = await startManager(origin.url, ['--installers', offered, '--join-token', 'never-to-be-seen']);
});
afterAll(async () => {
  await stopAll();
  folder.remove();
  await origin.close();
});

const at = (name: string) => `${manager.data}/_potluck/installers/${name}`;

/** The status of a path exactly as written: curl and fetch would tidy it up. */
function raw(path: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(manager.data);
    const asked = request({ hostname, port, path }, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode));
    });
    asked.once('error', reject);
    asked.end();
  });
}

describe('a manager with --installers', () => {
  it('lists what can be had, and what each file is', async () => {
    const { files } = (await (await fetch(at(''))).json()) as { files: Record<string, unknown>[] };
    expect(files.map(({ name }) => name)).toEqual([
      'latest.exe',
      'page.html',
      SETUP,
      'update-copy.json',
      'update.json',
    ]);
    expect(files.find(({ name }) => name === SETUP)).toMatchObject({
      size: content.length,
      version: '1.2.0',
      system: 'windows',
      arch: 'x64',
      format: 'exe',
    });
  });

  it('sends a file whole, in parts, and not at all to who has it', async () => {
    const whole = await fetch(at(SETUP));
    expect(Buffer.from(await whole.arrayBuffer()).equals(content)).toBe(true);
    expect(whole.headers.get('content-type')).toBe('application/vnd.microsoft.portable-executable');
    expect(whole.headers.get('x-content-type-options')).toBe('nosniff');

    const out = join(folder.path, 'resumed');
    writeFileSync(out, content.subarray(0, 1_000_000));
    const resumed = await curl(['-C', '-', '-o', out, at(SETUP)]);
    expect(resumed.status).toBe(206);
    expect(resumed.heads[0]?.headers['content-range']).toBe('bytes 1000000-2999999/3000000');
    expect(readFileSync(out).equals(content)).toBe(true);

    const etag = whole.headers.get('etag') ?? '';
    expect((await curl(['-H', `If-None-Match: ${etag}`, at(SETUP)])).status).toBe(304);
    expect((await curl(['-H', 'If-Range: "other"', '-r', '0-9', at(SETUP)])).bytes).toBe(content.length);
    expect((await curl(['-r', '3000000-', at(SETUP)])).status).toBe(416);
    const head = await curl(['-I', at(SETUP)]);
    expect(head.heads[0]?.headers['content-length']).toBe('3000000');
  });

  it('takes nothing but reading', async () => {
    const refused = await curl(['-X', 'DELETE', at(SETUP)]);
    expect(refused.status).toBe(405);
  });

  it('follows a link beside the file, and none that leads out', async () => {
    expect((await curl([at('latest.exe')])).bytes).toBe(content.length);
    expect((await curl([at('way-out')])).status).toBe(404);
  });

  it.each([
    '.hidden',
    'below/file',
    'below',
    '../outside',
    '..%2foutside',
    '%2e%2e%2foutside',
    '..%5coutside',
    'nothing',
    '%00',
    '%ff',
    'update.json%00.exe',
    'C:%5cwindows',
  ])('has nothing at %s', async (name) => {
    expect([400, 404]).toContain(await raw(`/_potluck/installers/${name}`));
  });

  it('sends nothing that a browser would run in its name', async () => {
    const { heads } = await curl([at('page.html')]);
    expect(heads[0]?.headers['content-type']).toBe('application/octet-stream');
    expect(heads[0]?.headers['content-security-policy']).toContain('sandbox');
  });

  it('shows them on the join page, in the language of the browser, without the token', async () => {
    const headers = { 'Accept-Language': 'zh', 'User-Agent': 'Mozilla/5.0 (Windows NT 10.0)' };
    const page = await fetch(`${manager.data}/_potluck/join`, { headers });
    const text = await page.text();
    expect(text).toContain(`href="/_potluck/installers/${SETUP}"`);
    expect(text).toContain('lang="zh-CN"');
    expect(text).not.toContain('never-to-be-seen');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
  });

  it('holds them to the upload cap, and cuts what has become shorter meanwhile: it never looks complete', async () => {
    const growing = join(offered, 'changing.bin');
    writeFileSync(growing, content);
    await using capped = await startManager(origin.url, ['--installers', offered, '--upload-cap', '1M']);
    const out = join(folder.path, 'cut');
    const running = curl(['-o', out, `${capped.data}/_potluck/installers/changing.bin`]);
    await eventually(() => expect(statSync(out).size).toBeGreaterThan(0));
    truncateSync(growing, 1_000_000);
    const { code } = await running;
    expect(code).toBe(18); // a partial file, says curl
    expect(statSync(out).size).toBeLessThan(content.length);
    rmSync(growing);
  });

  it('offers nothing once the folder is gone, and goes on', async () => {
    await using other = await startManager(origin.url, ['--installers', join(offered, 'below')]);
    rmSync(join(offered, 'below'), { recursive: true });
    const answer = await fetch(`${other.data}/_potluck/installers/`);
    expect(await answer.json()).toEqual({ files: [] });
  });

  it('does not start without the folder', async () => {
    const words = ['--headless', '--manager', '--mirror', origin.url, '--no-mdns', '--listen', '127.0.0.1:0'];
    using state = tempFolder();
    const missing = join(folder.path, 'missing');
    const { code, stderr } = await runPotluck([...words, '--state', state.path, '--installers', missing]);
    expect(code).toBe(1);
    expect(stderr).toBe(`potluck: a file cannot be read: the folder of --installers, ${missing}\n`);
  });
});

describe('a manager without --installers', () => {
  it('has no such path, and a join page all the same', async () => {
    await using plain = await startManager(origin.url);
    expect((await fetch(`${plain.data}/_potluck/installers/`)).status).toBe(404);
    expect(await (await fetch(`${plain.data}/_potluck/join`)).text()).toContain('No installers are offered here');
  });
});
