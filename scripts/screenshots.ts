import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Browser } from 'playwright-core';
import { WORDS } from '../src/renderer/words/words.ts';
import { VIEWS, type View } from '../test/renderer/support/views.ts';
import { WindowPage } from '../test/renderer/support/window-page.ts';
import { BUILT_PAGE, buildApp } from '../test/support/build-app.ts';
import { launchChromium } from '../test/support/chromium.ts';
import { paletteImage } from './palette-png.ts';

/*
 * `npm run screenshots`: a picture of each view and state of the window, as the built page shows it in a real Chromium, into
 * docs/screenshots. The words in Chinese want a font with Chinese glyphs on the machine (Debian: fonts-noto-cjk).
 */

const OUT = resolve(import.meta.dirname, '../docs/screenshots');
const SIZE = { width: 420, height: 640 };
const NOW = new Date('2026-11-21T14:20:00Z');
/** The tallest picture: a long view is shown whole. */
const TALLEST = 2000;

interface Look {
  readonly language: 'en' | 'zh';
  readonly theme: 'light' | 'dark';
}

const LOOKS: readonly Look[] = [
  { language: 'en', theme: 'light' },
  { language: 'zh', theme: 'dark' },
  { language: 'en', theme: 'dark' },
  { language: 'zh', theme: 'light' },
];
/** Views that are worth a picture in all four looks; the others have two, which show both languages and both themes. */
const MAIN = new Set(['nearby', 'sharing', 'draining', 'first-run', 'limits']);
/** Views that are shown whole, however long they are. */
const LONG = new Set(['limits', 'diagnostics', 'settings']);

/** Whether the machine can write Chinese. Where fontconfig is missing the system brings fonts along. */
function hasChinese(): boolean {
  if (process.platform !== 'linux') return true;
  try {
    return execFileSync('fc-list', [':lang=zh-cn', 'family'], { encoding: 'utf8' }).trim() !== '';
  } catch {
    return false;
  }
}

async function take(browser: Browser, folder: string, { name, state, go }: View, look: Look): Promise<number> {
  // A pause ends an hour after the moment that the page believes it is.
  const pausedUntil = state.pausedUntil === null ? null : NOW.getTime() + 3_600_000;
  const window = await WindowPage.open(browser, folder, {
    state: { ...state, pausedUntil, settings: { ...state.settings, ...look } },
    viewport: SIZE,
    deviceScaleFactor: 2,
    timezoneId: 'UTC',
    locale: look.language === 'zh' ? 'zh-CN' : 'en-US',
    now: NOW,
  });
  const { page } = window;
  await go?.(page, WORDS[look.language]);
  if (LONG.has(name))
    await page.setViewportSize({ ...SIZE, height: Math.min(TALLEST, Number(await page.evaluate(WHOLE))) });
  // The focus and the pointer of the click that led here are not part of the view.
  await page.mouse.move(0, 0);
  await page.evaluate('document.querySelector("dialog[open]") ?? document.activeElement?.blur()');
  const png = paletteImage(await page.screenshot());
  writeFileSync(join(OUT, `${name}-${look.language}-${look.theme}.png`), png);
  await window.close();
  if (window.problems.length > 0) throw new Error(`${name}: ${window.problems.join('; ')}`);
  return png.length;
}

/** How tall the window has to be to show a view without scrolling. */
const WHOLE = "document.querySelector('.panel').scrollHeight + document.querySelector('.top').offsetHeight";

const browser = await launchChromium();
if (browser === undefined) process.exit(1);
const chinese = hasChinese();
if (!chinese)
  console.error(
    'no font with Chinese glyphs is installed (Debian: fonts-noto-cjk): the pictures in Chinese are left as they are',
  );
if (chinese) rmSync(OUT, { recursive: true, force: true });
mkdirSync(OUT, { recursive: true });
await buildApp();
let [count, bytes] = [0, 0];
for (const view of VIEWS) {
  for (const look of MAIN.has(view.name) ? LOOKS : LOOKS.slice(0, 2)) {
    if (look.language === 'zh' && !chinese) continue;
    bytes += await take(browser, BUILT_PAGE, view, look);
    count++;
  }
}
await browser.close();
console.log(`${count} pictures, ${Math.round(bytes / 1024)} KiB, in docs/screenshots`);
