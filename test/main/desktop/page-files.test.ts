import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { pageFile, servePage } from '../../../src/main/desktop/page-files.ts';
import { tempFolder } from '../../support/program.ts';

const outer = tempFolder('potluck-page-');
afterAll(() => outer.remove());
const folder = join(outer.path, 'page');
mkdirSync(join(folder, 'assets'), { recursive: true });
writeFileSync(join(folder, 'index.html'), '<p>here</p>');
writeFileSync(join(folder, 'assets/a.js'), 'x');
writeFileSync(join(outer.path, 'secret.json'), '{}');
mkdirSync(join(outer.path, 'page-other'));
writeFileSync(join(outer.path, 'page-other/b.js'), 'y');

const get = (url: string, method = 'GET') => servePage({ url, method }, folder);

describe('the page’s files', () => {
  it('are served with their type and a policy that allows nothing else', async () => {
    const answer = await get('app://potluck/');
    expect([answer.status, await answer.text()]).toEqual([200, '<p>here</p>']);
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const policy = answer.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe-eval');
    expect(policy).not.toMatch(/script-src[^;]*unsafe/);
    expect((await get('app://potluck/assets/a.js')).headers.get('content-type')).toBe('text/javascript; charset=utf-8');
  });

  it('are all there is: no way leads out of the folder', () => {
    for (const path of [
      '/../secret.json',
      '/..%2fsecret.json',
      '/%2e%2e/secret.json',
      '/assets/../../secret.json',
      '/assets/..%2f..%2fsecret.json',
      '/..%5csecret.json',
      '/../page-other/b.js',
      '/%2e%2e%2fpage-other%2fb.js',
      '/C:%5csecret.json',
      '/index.html%00.json',
      '/index.html:stream.json',
      '//etc/passwd.json',
      '/%',
    ]) {
      const file = pageFile(`app://potluck${path}`, folder);
      expect([path, file === undefined || file.startsWith(`${folder}/`)]).toEqual([path, true]);
    }
    expect(pageFile('app://potluck/..%2fsecret.json', folder)).toBeUndefined();
    expect(pageFile('app://potluck/%2e%2e%2fpage-other%2fb.js', folder)).toBeUndefined();
  });

  it('are only answered for our own origin, and only asked for', async () => {
    for (const url of [
      'app://other/index.html',
      'app://potluck.evil/index.html',
      'app://user@potluck/index.html',
      'http://potluck/index.html',
      'nonsense',
    ])
      expect([url, pageFile(url, folder)]).toEqual([url, undefined]);
    expect((await get('app://potluck/index.html', 'POST')).status).toBe(404);
    expect((await get('app://potluck/missing.js')).status).toBe(404);
    expect((await get('app://potluck/assets')).status).toBe(404);
  });

  it('refuse types that a page has no use for', () => {
    symlinkSync('/etc/hostname', join(folder, 'host'));
    expect(pageFile('app://potluck/host', folder)).toBeUndefined();
  });
});
