import { describe, expect, it } from 'vitest';
import { WORDS } from '../../src/renderer/words/words.ts';
import { launchChromium } from '../support/chromium.ts';
import { SETTINGS, STATES } from './support/states.ts';
import { faults, windows } from './support/windows.ts';

const browser = await launchChromium();

describe.skipIf(browser === undefined)('every view and state', () => {
  const open = windows(browser);
  // Every view in each language and each theme; test/soak looks at the other two pairs as well.
  it.each([
    { language: 'en', theme: 'light' },
    { language: 'zh', theme: 'dark' },
  ] as const)('is in order for axe, and fits: $language, $theme', { timeout: 240_000 }, async (look) => {
    expect(await faults(open, look)).toEqual({});
  });

  it('is drawn in the language and the theme that are set, or in the system’s', async () => {
    const window = await open({ state: { ...STATES['nearby']!, resolved: { language: 'zh', dark: true } } });
    const root = () => window.page.evaluate('[document.documentElement.lang, document.documentElement.dataset.theme]');
    expect(await root()).toEqual(['zh-CN', 'dark']);
    await window.page.getByRole('heading', { name: '附近的管理器' }).waitFor();
    await window.push({ settings: { ...SETTINGS, language: 'en', theme: 'light' } });
    await window.page.getByRole('heading', { name: 'Managers nearby' }).waitFor();
    expect(await root()).toEqual(['en', 'light']);
  });

  it('names its state, in words and aloud', async () => {
    const window = await open({ state: STATES['nearby']! });
    for (const [name, state] of Object.entries(STATES)) {
      if (!state.settings.firstRunDone) continue;
      await window.push(state);
      const { title } = WORDS.en.state[state.app];
      // What lies behind a modal dialog is out of everybody's reach.
      if (state.pendingLink !== null || state.changedKey !== null) continue;
      await window.page.getByRole('heading', { level: 1, name: title }).waitFor();
      const said = await window.page.getByRole('status').allTextContents();
      expect(said.join(' '), name).toContain(title);
    }
  });

  it('moves nothing where somebody asked for less motion', async () => {
    const still = await open({ state: STATES['joining']!, reducedMotion: 'reduce' });
    const moving = await open({ state: STATES['joining']!, reducedMotion: 'no-preference' });
    const animations = 'document.getAnimations().length';
    expect(await still.page.evaluate(animations)).toBe(0);
    expect(await moving.page.evaluate(animations)).toBe(1);
  });
});
