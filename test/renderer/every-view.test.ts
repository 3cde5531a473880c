import { describe, expect, it } from 'vitest';
import { WORDS } from '../../src/renderer/words/words.ts';
import { launchChromium } from '../support/chromium.ts';
import { peer, SETTINGS, STATES } from './support/states.ts';
import { ALL_VIEWS } from './support/views.ts';
import { faults, windows } from './support/windows.ts';

const browser = await launchChromium();

describe.skipIf(browser === undefined)('every view and state', () => {
  const open = windows(browser);
  // Every view in one language and one theme, neighbours in the other; test/soak looks at each in all four pairs.
  it.each([
    { language: 'en', theme: 'light', first: 0 },
    { language: 'zh', theme: 'dark', first: 1 },
  ] as const)('is in order for axe, and fits: $language, $theme', { timeout: 240_000 }, async ({ first, ...look }) => {
    const views = ALL_VIEWS.filter((_view, place) => place % 2 === first);
    expect(views.length).toBeGreaterThan(10);
    expect(await faults(open, look, views)).toEqual({});
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

  it('says nothing aloud of what changes every second', async () => {
    const window = await open({ state: STATES['sharing']! });
    const { page } = window;
    const spoken = () => page.locator('[role=status], [role=alert], [aria-live]').allTextContents();
    const before = await spoken();
    await window.push({
      peer: peer({ uploadRate: 9 * 2 ** 20 }),
      today: { served: 7, saved: 7 },
      curve: { up: [1], down: [2] },
    });
    await page.getByText('7 B saved').waitFor();
    expect(await spoken()).toEqual(before);
    await window.push(STATES['paused-on-battery']!);
    await expect.poll(async () => (await spoken()).join(' ')).toContain('Paused. The computer runs on battery.');
  });

  it('keeps its large button readable where the system chooses the colours', async () => {
    const window = await open({ state: STATES['nearby']!, forcedColors: 'active', colorScheme: 'dark' });
    await window.page.getByRole('button', { name: 'Join Office cache' }).waitFor();
    const [colour, ground, adjusted] = (await window.page.evaluate(`(() => {
      const look = getComputedStyle(document.querySelector('.button[data-kind=primary]'));
      return [look.color, look.backgroundColor, look.forcedColorAdjust];
    })()`)) as string[];
    expect(colour).not.toBe(ground);
    // Else the system lays its own ground behind the words.
    expect(adjusted).toBe('none');
  });

  it('moves nothing where somebody asked for less motion', async () => {
    const still = await open({ state: STATES['joining']!, reducedMotion: 'reduce' });
    const moving = await open({ state: STATES['joining']!, reducedMotion: 'no-preference' });
    const animations = 'document.getAnimations().length';
    expect(await still.page.evaluate(animations)).toBe(0);
    expect(await moving.page.evaluate(animations)).toBe(1);
  });
});
