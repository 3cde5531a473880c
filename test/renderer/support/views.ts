import type { Page } from 'playwright-core';
import type { DesktopState } from '../../../src/engine/protocol/desktop.ts';
import type { Words } from '../../../src/renderer/words/words.ts';
import { CROWDED, joined, SETTINGS, STATES, state } from './states.ts';

/** One thing that the window can show, and the way to it. */
export interface View {
  readonly name: string;
  readonly state: DesktopState;
  /** What a person does to get there; nothing where the state alone shows it. */
  readonly go?: (page: Page, words: Words) => Promise<void>;
}

type Tab = 'limits' | 'diagnostics' | 'settings';

function tab(name: Tab) {
  return async (page: Page, words: Words) => {
    await page.getByRole('tab', { name: words.tabs[name] }).click();
    if (name === 'diagnostics') await page.getByRole('table').waitFor();
  };
}

function steps(count: number) {
  return async (page: Page, words: Words) => {
    for (let step = 0; step < count; step++) await page.getByRole('button', { name: words.common.next }).click();
  };
}

async function byHand(page: Page, words: Words): Promise<void> {
  await page.getByRole('button', { name: words.home.byHand }).click();
  await page.getByRole('dialog').waitFor();
}

async function checkManager(page: Page, words: Words): Promise<void> {
  await byHand(page, words);
  await page.getByRole('textbox').fill('192.168.1.5:11000');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: words.manager.check }).waitFor();
}

async function token(page: Page, words: Words): Promise<void> {
  await page.getByRole('radio', { name: /Build farm/ }).check();
  await page.getByRole('button', { name: words.home.join('Build farm') }).click();
  await page.getByRole('dialog').waitFor();
}

async function clearCache(page: Page, words: Words): Promise<void> {
  await tab('limits')(page, words);
  await page.getByRole('button', { name: words.limits.clear }).click();
}

const OWN_HOURS = joined('sharing', {
  settings: { ...SETTINGS, hours: 'Mon-Thu 18:00-08:00; Fri 16:00-08:00; Sat-Sun' },
});

/** Every view, dialog and state of the window. */
export const VIEWS: readonly View[] = [
  ...Object.entries(STATES).map(([name, there]) => ({ name, state: there })),
  { name: 'first-run-share', state: STATES['first-run'] ?? state(), go: steps(1) },
  { name: 'first-run-start', state: STATES['first-run'] ?? state(), go: steps(2) },
  { name: 'by-hand', state: state(), go: byHand },
  { name: 'check-manager', state: state(), go: checkManager },
  { name: 'token', state: state({ secrets: 'session' }), go: token },
  { name: 'limits', state: OWN_HOURS, go: tab('limits') },
  { name: 'clear-cache', state: joined('sharing'), go: clearCache },
  { name: 'diagnostics', state: joined('unreachable'), go: tab('diagnostics') },
  { name: 'settings', state: joined('sharing', { tray: false }), go: tab('settings') },
];

/** Also what is worth a look but no picture. */
export const ALL_VIEWS: readonly View[] = [
  ...VIEWS,
  ...Object.entries(CROWDED).map(([name, there]) => ({ name, state: there })),
];
