/**
 * Packs the headless faces for servers: `npm run pack:headless [-- FOLDER]` makes potluck-headless-<version>.tgz in `release`, or in the folder that
 * is named. It can be unpacked anywhere, or installed by `npm install -g`; it needs Node and nothing else.
 */

import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '..');
/** Documents that speak of what is packed. */
const DOCUMENTS = ['headless', 'operations', 'errors', 'store', 'release'].map((name) => `docs/${name}.md`);
const FILES = ['bin', 'dist/potluck.mjs', 'dist/licenses.md', 'LICENSE', 'CHANGELOG.md', ...DOCUMENTS];
const LINK = /\[([^\]]*)\]\((?!https?:|#)([^)#]+)(#[^)]*)?\)/g;

/** docs/headless.md as the first page: the project's own speaks of building. Its links lead into docs from there. */
function firstPage(): string {
  return readFileSync(join(ROOT, 'docs/headless.md'), 'utf8').replace(
    LINK,
    (_, text: string, to: string) => `[${text}](${to.startsWith('../') ? to.slice(3) : `docs/${to}`})`,
  );
}

/** Makes plain words of links to what is not packed. */
function cutDeadLinks(stage: string): void {
  for (const name of ['README.md', 'CHANGELOG.md', ...DOCUMENTS]) {
    const file = join(stage, name);
    const text = readFileSync(file, 'utf8');
    const leads = (to: string) => existsSync(join(dirname(file), to));
    writeFileSync(
      file,
      text.replace(LINK, (link, words: string, to: string) => (leads(to) ? link : words)),
    );
  }
}

/** What of package.json is true of the packed program as well. */
function manifest(): object {
  const { version, description, homepage, author, license, type, bin } = JSON.parse(
    readFileSync(join(ROOT, 'package.json'), 'utf8'),
  ) as Record<string, unknown>;
  const engines = { node: '>=22.13' }; // no other comes along here
  return { name: 'potluck-headless', version, description, homepage, author, license, type, engines, bin };
}

function main(): void {
  const destination = resolve(process.argv[2] ?? join(ROOT, 'release'));
  const stage = mkdtempSync(join(tmpdir(), 'potluck-headless-'));
  try {
    for (const name of FILES) cpSync(join(ROOT, name), join(stage, name), { recursive: true });
    writeFileSync(join(stage, 'README.md'), firstPage());
    cutDeadLinks(stage);
    writeFileSync(join(stage, 'package.json'), `${JSON.stringify(manifest(), undefined, 2)}\n`);
    mkdirSync(destination, { recursive: true });
    const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
    const words = ['pack', '--silent', '--ignore-scripts', '--offline', '--pack-destination', destination];
    const name = execFileSync(npm, words, { cwd: stage, encoding: 'utf8', shell: process.platform === 'win32' }).trim();
    process.stdout.write(`${join(destination, name)}\n`);
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

main();
