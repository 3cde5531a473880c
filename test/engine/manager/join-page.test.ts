import { describe, expect, it } from 'vitest';
import type { OfferedFile } from '../../../src/engine/manager/installers.ts';
import { type JoinPageFacts, renderJoinPage, systemOf } from '../../../src/engine/manager/join-page.ts';
import { joinWords } from '../../../src/engine/manager/join-words.ts';
import { installerOf } from '../../../src/engine/protocol/installers.ts';

const FINGERPRINT = 'ab'.repeat(32);
const offered = (...names: string[]): OfferedFile[] =>
  names.map((name) => ({ name, size: 90 * 2 ** 20, modified: 0, installer: installerOf(name) }));

function page(facts: Partial<JoinPageFacts> = {}, language = 'en'): string {
  const defaults: JoinPageFacts = {
    name: 'office',
    fingerprint: FINGERPRINT,
    base: 'http://cdn.example:11000',
    tokenRequired: false,
    files: [],
    system: undefined,
  };
  return renderJoinPage({ ...defaults, ...facts }, joinWords(language));
}

const links = (text: string) => [...text.matchAll(/href="(\/[^"]*)"/g)].map((match) => match[1]);

describe('the join page', () => {
  it('has the address, the fingerprint in groups of four, and a link that says both', () => {
    const text = page();
    expect(text).toContain('<code>http://cdn.example:11000</code>');
    expect(text).toContain(`<code>${Array(16).fill('abab').join(' ')}</code>`);
    expect(text).toContain(`potluck://join?url=http%3A%2F%2Fcdn.example%3A11000&#38;key=${FINGERPRINT}"`);
    expect(text).toContain('No installers are offered here');
  });

  it('never has a token, only the word that one is needed', () => {
    expect(page({ tokenRequired: true })).toContain('--join-token TOKEN');
    expect(page({ tokenRequired: true })).toContain('asks for a join token');
    expect(page()).not.toContain('token');
  });

  it('escapes what others chose: names, addresses and files', () => {
    const text = page({
      name: '<img src=x>',
      base: 'http://"onload=alert(1)',
      files: offered('potluck-1.0.0-win-x64.exe'),
    });
    expect(text).not.toMatch(/<img|"onload/);
    expect(text).toContain('&#60;img src=x&#62;');
  });

  it("offers the newest of each kind, the visitor's system first and the others folded", () => {
    const files = offered(
      'potluck-1.9.0-win-x64.exe',
      'potluck-1.10.0-win-x64.exe',
      'potluck-1.10.0-win-x64.msi',
      'potluck-1.10.0-linux-amd64.deb',
      'potluck-1.10.0-linux-x86_64.AppImage',
      'potluck-headless-1.10.0.tgz',
      'update.json',
    );
    const text = page({ files, system: 'linux' });
    expect(links(text)).toEqual(
      [
        'potluck-1.10.0-linux-x86_64.AppImage',
        'potluck-1.10.0-linux-amd64.deb',
        'potluck-1.10.0-win-x64.exe',
        'potluck-1.10.0-win-x64.msi',
        'potluck-headless-1.10.0.tgz',
      ].map((name) => `/_potluck/installers/${name}`),
    );
    const folded = text.slice(text.indexOf('<details>'), text.indexOf('</details>'));
    expect(links(folded).some((link) => link?.includes('linux'))).toBe(false);
    expect(page({ files })).not.toContain('<details>');
  });

  it('speaks Chinese to who prefers it', () => {
    expect(page({}, 'zh-CN,zh;q=0.9,en;q=0.8')).toContain('<html lang="zh-CN">');
    expect(page({}, 'zh-CN')).toContain('加入 office');
  });
});

describe('what a browser says of itself', () => {
  it.each([
    ['', 'en'],
    ['de, fr;q=0.5', 'en'],
    ['zh', 'zh-CN'],
    ['en;q=0.3, zh-TW;q=0.7', 'zh-CN'],
    ['zh;q=0, en;q=0.1', 'en'],
    ['zh;q=nonsense', 'zh-CN'],
    [',,;;q=1', 'en'],
  ])('by Accept-Language %j is shown the page in %s', (header, lang) => expect(joinWords(header).lang).toBe(lang));

  it.each([
    ['Mozilla/5.0 (Windows NT 10.0; Win64; x64)', 'windows'],
    ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)', 'macos'],
    ['Mozilla/5.0 (X11; Linux x86_64)', 'linux'],
    ['Mozilla/5.0 (Linux; Android 15; Pixel) Mobile', undefined],
    ['Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)', undefined],
    ['curl/8', undefined],
    [undefined, undefined],
  ])('by User-Agent %j runs %s', (agent, system) => expect(systemOf(agent)).toBe(system));
});
