import axeCore from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { WORDS } from '../../../src/renderer/words/words.ts';
import { BUILT_PAGE, buildApp } from '../../support/build-app.ts';
import { ALL_VIEWS, type View } from './views.ts';
import { type WindowOptions, WindowPage } from './window-page.ts';

const WHOLE = { width: 420, height: 640 };
/** The narrowest window, and one that is enlarged to 200 %: half the room in both directions. */
const NARROW = [
  { width: 360, height: 480 },
  { width: 210, height: 320 },
];

export interface Look {
  readonly language: 'en' | 'zh';
  readonly theme: 'light' | 'dark';
}

/**
 * Opens windows of the page as it is built, and closes them after each test, which fails if the page logged an error, broke its policy or made a call
 * that does not fit its schema.
 */
export function windows(browser: Browser | undefined): (options: WindowOptions) => Promise<WindowPage> {
  let opened: WindowPage[] = [];
  beforeAll(async () => {
    if (browser !== undefined) await buildApp();
  });
  afterEach(async () => {
    const done = opened;
    opened = [];
    await Promise.all(done.map((window) => window.close()));
    expect(done.flatMap(({ problems }) => problems)).toEqual([]);
  });
  afterAll(() => browser?.close());
  return async (options) => {
    if (browser === undefined) throw new Error('there is no browser');
    const window = await WindowPage.open(browser, BUILT_PAGE, options);
    opened.push(window);
    return window;
  };
}

interface AxeResult {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[];
}

/** What axe has against the page as it is shown; every rule but those that are still experiments. */
export async function axe(page: Page): Promise<string[]> {
  await page.evaluate(`window.axe === undefined && (() => { ${axeCore.source} })()`);
  const { violations } = (await page.evaluate('window.axe.run()')) as AxeResult;
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}

/** By how many pixels something is wider than the window, and what it is. */
export async function tooWide(page: Page): Promise<string[]> {
  return (await page.evaluate(`[...document.querySelectorAll('html, .panel, .dialog, .first-run, header')]
    .filter((element) => element.scrollWidth > element.clientWidth)
    .map((element) => element.tagName + '.' + element.className + ' ' + element.scrollWidth + ' > ' + element.clientWidth)`)) as string[];
}

/** What is wrong with these views, dialogs and states in this look: by its name, what axe has against it, and what does not fit. */
export async function faults(
  open: (options: WindowOptions) => Promise<WindowPage>,
  look: Look,
  views: readonly View[] = ALL_VIEWS,
): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  let window: WindowPage | undefined;
  for (const { name, state, go } of views) {
    const looking = { ...state, settings: { ...state.settings, ...look } };
    // Where a person has gone somewhere, the next one begins anew.
    if (window === undefined || go !== undefined) window = await open({ state: looking });
    else await window.push(looking);
    await go?.(window.page, WORDS[look.language]);
    const wrong = await axe(window.page);
    for (const size of NARROW) {
      await window.page.setViewportSize(size);
      wrong.push(...(await tooWide(window.page)).map((what) => `${size.width}: ${what}`));
    }
    await window.page.setViewportSize(WHOLE);
    if (wrong.length > 0) found[name] = wrong;
  }
  return found;
}
