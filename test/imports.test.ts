import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const SRC = resolve(import.meta.dirname, '../src');

/** Who may know whom: section 3 of the design, with the control room of docs/decisions/0001. A room always knows itself. */
const BASICS = [
  'base',
  'protocol',
  'content',
  'policy',
  'ring',
  'rate',
  'store',
  'load',
  'serve',
  'push',
  'discovery',
  'control',
];
const ALLOWED: Record<string, readonly string[]> = {
  base: [],
  protocol: ['base'],
  content: ['base'],
  ring: ['base'],
  rate: ['base'],
  policy: ['base', 'content'],
  store: ['base', 'content'],
  load: ['base', 'protocol', 'content', 'policy', 'ring', 'rate', 'store'],
  serve: ['base', 'protocol', 'content', 'policy', 'rate', 'store', 'load'],
  control: ['base', 'protocol', 'content', 'rate', 'store'],
  push: ['base', 'protocol', 'content', 'rate', 'store', 'load'],
  discovery: ['base', 'protocol'],
  'store-server': ['base', 'protocol', 'content', 'policy', 'rate', 'store', 'serve', 'control'],
  client: ['base', 'protocol', 'content', 'policy', 'rate', 'load'],
  peer: BASICS,
  manager: BASICS,
  'engine/index': [...BASICS, 'peer', 'manager', 'store-server', 'client'],
  main: ['engine/index', 'base', 'protocol'],
  renderer: ['engine/index', 'protocol'],
};

/** Packages that are known to one room alone, or to few. */
const PACKAGES: Record<string, readonly string[]> = {
  fastify: ['control'],
  pino: ['main'],
  yaml: ['base'],
  'bonjour-service': ['discovery'],
  preact: ['renderer'],
  'preact/hooks': ['renderer'],
  '@preact/signals': ['renderer'],
  uplot: ['renderer'],
};

interface Import {
  readonly from: string;
  readonly to: string;
}

function sources(): string[] {
  return readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.[cm]?tsx?$/.test(name))
    .map((name) => join(SRC, name));
}

/** Everything that a file imports: static, type-only, re-exported and dynamic. */
function specifiers(text: string): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  const patterns = [
    /\b(?:import|export)\b[^;'"`]*?\bfrom\s*['"]([^'"]+)['"]/g,
    /^\s*import\s*['"]([^'"]+)['"]/gm,
    /\bimport\(\s*['"]([^'"]+)['"]/g,
  ];
  return patterns.flatMap((pattern) => [...code.matchAll(pattern)].map((match) => match[1] ?? ''));
}

function roomOf(file: string): string {
  const [top = '', room = ''] = relative(SRC, file).split(/[\\/]/);
  if (top !== 'engine') return top;
  return room.startsWith('index.') ? 'engine/index' : room;
}

function imports(): Import[] {
  return sources().flatMap((file) =>
    specifiers(readFileSync(file, 'utf8')).map((to) => ({
      from: file,
      to: to.startsWith('.') ? resolve(dirname(file), to) : to,
    })),
  );
}

describe('the rooms of src', () => {
  const all = imports();
  const inside = all.filter(({ to }) => to.startsWith(SRC));

  it('are read at all', () => {
    expect(sources().length).toBeGreaterThan(50);
    expect(inside.length).toBeGreaterThan(100);
    expect(all.length - inside.length).toBeGreaterThan(30);
  });

  it('are all in the table', () => {
    const rooms = new Set(sources().map(roomOf));
    expect([...rooms].filter((room) => !(room in ALLOWED))).toEqual([]);
  });

  it('know only whom they may', () => {
    const wrong = inside
      .map(({ from, to }) => ({ from, here: roomOf(from), there: roomOf(to) }))
      .filter(({ here, there }) => here !== there && ALLOWED[here]?.includes(there) !== true)
      .map(({ from, there }) => `${relative(SRC, from)} imports ${there}`);
    expect(wrong).toEqual([]);
  });

  it('leave src for package.json only', () => {
    const out = all.filter(({ to }) => to.startsWith('/') && !to.startsWith(SRC)).map(({ to }) => relative(SRC, to));
    expect([...new Set(out)]).toEqual(['../package.json']);
  });

  it('give the window types of the engine, and of its code only what the border to the window is made of', () => {
    const values = sources()
      .filter((file) => roomOf(file) === 'renderer')
      .flatMap((file) => [
        ...readFileSync(file, 'utf8').matchAll(/^import (?!type\b)[^;]*?from '([^']*\/engine\/[^']*)'/gm),
      ])
      .map((match) => match[1]?.replace(/^.*\/engine\//, ''));
    expect([...new Set(values)].sort()).toEqual(['protocol/desktop-pause.ts', 'protocol/desktop-problems.ts']);
  });

  it('keep heavy packages to the rooms that need them, and Electron to the desktop app', () => {
    const desktop = join(SRC, 'main/desktop');
    const wrong = all
      .map(({ from, to }) => ({ from, name: to, room: roomOf(from) }))
      .filter(
        ({ from, name, room }) =>
          (name.startsWith('electron') && !from.startsWith(desktop)) || PACKAGES[name]?.includes(room) === false,
      )
      .map(({ from, name }) => `${relative(SRC, from)} imports ${name}`);
    expect(wrong).toEqual([]);
  });
});

describe('the reader of imports', () => {
  it('sees every way to import, and no comment', () => {
    const text = [
      "import a, { type B } from './a.ts';",
      "import type { C } from './c.ts';",
      "export { d } from './d.ts';",
      "export * from './e.ts';",
      "import './f.ts';",
      "const g = await import('./g.ts');",
      "import {\n  h,\n} from './h.ts';",
      "// import x from './x.ts';",
      "/* import y from './y.ts'; */",
    ].join('\n');
    const letters = specifiers(text).map((name) => name.slice(2, 3));
    expect(letters.sort()).toEqual(['a', 'c', 'd', 'e', 'f', 'g', 'h']);
  });
});
