import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { Desk, type DeskOptions } from '../../main/desktop/harness.ts';
import { BUILT_PAGE, BUILT_PRELOAD, buildApp } from '../../support/build-app.ts';
import { launchChromium } from '../../support/chromium.ts';
import { ChromiumHost } from '../../support/electron/chromium-host.ts';
import { eventually } from '../../support/program.ts';

/** The app with its window in a real browser. */
export interface Stage {
  readonly desk: Desk;
  readonly host: ChromiumHost;
  /** The page of the window that was opened last. */
  readonly page: () => Page;
}

/**
 * One browser and one build for the tests of a file, which are skipped where no Chromium can be started. The returned function starts the real main
 * process, preload and page, around a real engine.
 */
export function useStage(): (options?: DeskOptions) => Promise<Stage> {
  let browser: Browser | undefined;
  beforeAll(async () => {
    browser = await launchChromium();
    if (browser !== undefined) await buildApp();
  }, 120_000);
  beforeEach(({ skip }) => {
    if (browser === undefined) skip('no Chromium');
  });
  afterAll(() => browser?.close());
  return async (options = {}) => {
    if (browser === undefined) throw new Error('there is no browser');
    const host = new ChromiumHost(browser);
    const desk = await Desk.start({ ...options, host, page: BUILT_PAGE, preload: BUILT_PRELOAD });
    await eventually(() => host.pages > 0);
    return { desk, host, page: () => host.page };
  };
}
