import axeCore from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { buildWindow, type WindowOptions, WindowPage } from './window-page.ts';

/**
 * Opens windows of the page as it is built, and closes them after each test, which fails if the page logged an error, broke its policy or made a call
 * that does not fit its schema.
 */
export function windows(browser: Browser | undefined): (options: WindowOptions) => Promise<WindowPage> {
  let built: Awaited<ReturnType<typeof buildWindow>> | undefined;
  let opened: WindowPage[] = [];
  beforeAll(async () => {
    if (browser !== undefined) built = await buildWindow();
  });
  afterEach(async () => {
    const done = opened;
    opened = [];
    await Promise.all(done.map((window) => window.close()));
    expect(done.flatMap(({ problems }) => problems)).toEqual([]);
  });
  afterAll(async () => {
    await browser?.close();
    built?.remove();
  });
  return async (options) => {
    if (browser === undefined || built === undefined) throw new Error('there is no browser');
    const window = await WindowPage.open(browser, built.folder, options);
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
