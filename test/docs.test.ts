import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');
const PAGES = ['.', 'docs', 'docs/decisions'].flatMap((folder) =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name)),
);
const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>;
};

const text = (page: string) => readFileSync(join(ROOT, page), 'utf8');

/** Every match of a pattern's one group, on every page. */
function found(pattern: RegExp): { page: string; what: string }[] {
  return PAGES.flatMap((page) => [...text(page).matchAll(pattern)].map(([, what = '']) => ({ page, what })));
}

/** Names by which headings can be linked to: lower case, without punctuation, with hyphens for spaces. */
function headings(page: string): string[] {
  return [...text(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\- ]/gu, '')
      .replaceAll(' ', '-'),
  );
}

it('every link and picture of the documents leads somewhere', () => {
  const links = found(/(?:\]\(|src=")((?!https?:)[^)"]+)/g);
  const dead = links.filter(({ page, what }) => {
    const [path = '', heading] = what.split('#');
    const to = path === '' ? page : join(dirname(page), path);
    return !existsSync(join(ROOT, to)) || (heading !== undefined && !headings(to).includes(heading));
  });
  expect(links.length).toBeGreaterThan(50);
  expect(dead).toEqual([]);
});

it('every file of the project that the documents name is there', () => {
  const named = found(/`((?:src|test|docs|scripts|assets|bench|demo)\/[\w./-]+)`/g);
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter(({ what }) => !existsSync(join(ROOT, what)))).toEqual([]);
});

it('the scripts of package.json and those of the documents are the same', () => {
  expect(found(/npm run ([a-z][a-z:]*)/g).filter(({ what }) => scripts[what] === undefined)).toEqual([]);
  const explained = text('CONTRIBUTING.md');
  const own = Object.keys(scripts).filter((name) => !/^pre[a-z]/.test(name));
  expect(own.filter((name) => !explained.includes(`\`${name}\``))).toEqual([]);
});

it('a page in two languages has the same sections, tables and commands in both', () => {
  const twins = PAGES.filter((page) => page.endsWith('.zh-CN.md'));
  const shape = (page: string) =>
    [...text(page).matchAll(/^(#+ |\| |\d\. |- |npm |\.\/bin\/potluck \S+|curl )/gm)].map(([, start]) => start);
  expect(twins.length).toBeGreaterThan(1);
  for (const page of twins) expect(shape(page)).toEqual(shape(page.replace('.zh-CN', '')));
});
