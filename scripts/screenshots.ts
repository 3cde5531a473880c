import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Browser } from 'playwright-core';
import type { DesktopState } from '../src/engine/protocol/desktop.ts';
import { joined, SETTINGS, STATES } from '../test/renderer/support/states.ts';
import { buildWindow, WindowPage } from '../test/renderer/support/window-page.ts';
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

interface Shot {
  readonly name: string;
  readonly state: DesktopState;
  readonly tab?: 'limits' | 'diagnostics' | 'settings';
  /** In all four looks; else in two, which show both languages and both themes. */
  readonly all?: boolean;
}

const LOOKS: readonly Look[] = [
  { language: 'en', theme: 'light' },
  { language: 'zh', theme: 'dark' },
  { language: 'en', theme: 'dark' },
  { language: 'zh', theme: 'light' },
];
/** States that are worth four pictures. */
const MAIN = new Set(['nearby', 'sharing', 'draining', 'first-run']);

function shots(): Shot[] {
  const limits = joined('sharing', {
    settings: { ...SETTINGS, hours: 'Mon-Thu 18:00-08:00; Fri 16:00-08:00; Sat-Sun' },
  });
  const states = Object.entries(STATES).map(([name, state]) => ({
    name,
    state: state.pausedUntil === null ? state : { ...state, pausedUntil: NOW.getTime() + 3_600_000 },
    all: MAIN.has(name),
  }));
  return [
    ...states,
    { name: 'limits', state: limits, tab: 'limits', all: true },
    { name: 'diagnostics', state: joined('unreachable'), tab: 'diagnostics' },
    { name: 'settings', state: joined('sharing', { tray: false }), tab: 'settings', all: true },
  ];
}

/** Whether the machine can write Chinese. Where fontconfig is missing the system brings fonts along. */
function hasChinese(): boolean {
  if (process.platform !== 'linux') return true;
  try {
    return execFileSync('fc-list', [':lang=zh-cn', 'family'], { encoding: 'utf8' }).trim() !== '';
  } catch {
    return false;
  }
}

async function take(browser: Browser, folder: string, { name, state, tab }: Shot, look: Look): Promise<number> {
  const window = await WindowPage.open(browser, folder, {
    state: { ...state, settings: { ...state.settings, ...look } },
    viewport: SIZE,
    deviceScaleFactor: 2,
    timezoneId: 'UTC',
    locale: look.language === 'zh' ? 'zh-CN' : 'en-US',
    now: NOW,
  });
  const { page } = window;
  if (tab !== undefined) await page.locator(`#tab-${tab}`).click();
  if (tab === 'diagnostics') await page.getByRole('table').waitFor();
  const tall = Number(
    await page.evaluate(
      "(document.querySelector('.panel')?.scrollHeight ?? 0) + (document.querySelector('.top')?.clientHeight ?? 0) + 1",
    ),
  );
  if (tab !== undefined)
    await page.setViewportSize({ ...SIZE, height: Math.min(TALLEST, Math.max(SIZE.height, tall)) });
  // The focus of the click that chose the tab is not part of the view.
  await page.evaluate('document.querySelector("dialog[open]") ?? document.activeElement?.blur()');
  const png = paletteImage(await page.screenshot());
  writeFileSync(join(OUT, `${name}-${look.language}-${look.theme}.png`), png);
  await window.close();
  if (window.problems.length > 0) throw new Error(`${name}: ${window.problems.join('; ')}`);
  return png.length;
}

const browser = await launchChromium();
if (browser === undefined) process.exit(1);
const chinese = hasChinese();
if (!chinese)
  console.error(
    'no font with Chinese glyphs is installed (Debian: fonts-noto-cjk): the pictures in Chinese are left as they are',
  );
if (chinese) rmSync(OUT, { recursive: true, force: true });
mkdirSync(OUT, { recursive: true });
const built = await buildWindow();
let [count, bytes] = [0, 0];
for (const shot of shots()) {
  for (const look of shot.all === true ? LOOKS : LOOKS.slice(0, 2)) {
    if (look.language === 'zh' && !chinese) continue;
    bytes += await take(browser, built.folder, shot, look);
    count++;
  }
}
built.remove();
await browser.close();
console.log(`${count} pictures, ${Math.round(bytes / 1024)} KiB, in docs/screenshots`);
