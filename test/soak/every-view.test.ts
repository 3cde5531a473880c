import { describe, expect, it } from 'vitest';
import { faults, windows } from '../renderer/support/windows.ts';
import { launchChromium } from '../support/chromium.ts';

const browser = await launchChromium();

describe.skipIf(browser === undefined)('every view and state, in each language with each theme', () => {
  const open = windows(browser);
  const looks = (['en', 'zh'] as const).flatMap((language) =>
    (['light', 'dark'] as const).map((theme) => ({ language, theme })),
  );

  it.each(looks)('is in order for axe, and fits: $language, $theme', async (look) => {
    expect(await faults(open, look)).toEqual({});
  });
});
