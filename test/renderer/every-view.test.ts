import { describe, expect, it } from 'vitest';
import { WORDS } from '../../src/renderer/words/words.ts';
import { launchChromium } from '../support/chromium.ts';
import { SETTINGS, STATES } from './support/states.ts';
import { VIEWS } from './support/views.ts';
import type { WindowPage } from './support/window-page.ts';
import { axe, tooWide, windows } from './support/windows.ts';

const browser = await launchChromium();
const WHOLE = { width: 420, height: 640 };
/** The narrowest window, and one that is enlarged to 200 %: half the room in both directions. */
const NARROW = [
  { width: 360, height: 480 },
  { width: 210, height: 320 },
];

describe.skipIf(browser === undefined)('every view and state', () => {
  const open = windows(browser);
  const looks = (['en', 'zh'] as const).flatMap((language) =>
    (['light', 'dark'] as const).map((theme) => ({ language, theme })),
  );

  it.each(looks)(
    'is in order for axe, and fits: $language, $theme',
    { timeout: 240_000 },
    async ({ language, theme }) => {
      const look = { language, theme };
      const found: Record<string, string[]> = {};
      let window: WindowPage | undefined;
      for (const { name, state, go } of VIEWS) {
        const looking = { ...state, settings: { ...state.settings, ...look } };
        // Where a person has gone somewhere, the next one begins anew.
        if (window === undefined || go !== undefined) window = await open({ state: looking });
        else await window.push(looking);
        await go?.(window.page, WORDS[language]);
        const wrong = await axe(window.page);
        for (const size of NARROW) {
          await window.page.setViewportSize(size);
          wrong.push(...(await tooWide(window.page)).map((what) => `${size.width}: ${what}`));
        }
        await window.page.setViewportSize(WHOLE);
        if (wrong.length > 0) found[name] = wrong;
      }
      expect(found).toEqual({});
    },
  );

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
