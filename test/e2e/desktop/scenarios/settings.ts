import type { Page } from 'playwright-core';
import { describe, it } from 'vitest';
import { sha256OfUrl, tempFolder } from '../../../support/program.ts';
import { type CapTest, holdCaps } from '../../hold-caps.ts';
import { Reader, Recorder } from '../../rates.ts';
import type { Launch } from './app-under-test.ts';
import type { Office } from './office.ts';
import { share, throughFirstRun, untilTitle, untilTray } from './person.ts';

/** Chooses one of the usual upload limits. */
async function chooseLimit(page: Page, label: string): Promise<void> {
  const limits = page.getByRole('group', { name: 'Upload limit' });
  await limits.getByRole('button', { name: label, exact: true }).click();
  await limits.getByRole('button', { name: label, exact: true, pressed: true }).waitFor();
}

/**
 * Lets one download run while the upload limit is changed in the window from 5 to 10 MB/s, and holds each second against it. `sent`: all that leaves
 * the peer, bytes; what the download gets where it is left out, which is a little less when the manager audits the peer meanwhile.
 */
export async function holdLimit(
  { open, openUrl }: Office,
  launch: Launch,
  { sent, ...strictness }: Pick<CapTest, 'tolerance' | 'fromBelow' | 'enough'> & { readonly sent?: () => number },
): Promise<void> {
  using folder = tempFolder('potluck-app-');
  await using app = await launch({ userData: folder.path });
  const url = `${openUrl}/huge.iso`;
  const page = await share(app, openUrl);
  await page.getByRole('tab', { name: 'Limits' }).click();
  // The peer has all of it: only the limit is between it and the client.
  await chooseLimit(page, 'No limit');
  await sha256OfUrl(url);
  await chooseLimit(page, '5 MB/s');
  const reader = new Reader(url);
  try {
    const total = sent ?? (() => reader.bytes);
    using recorder = new Recorder(total, process.platform === 'linux' ? [...app.pids, open.pid] : []);
    await holdCaps({
      name: 'upload limit of the window',
      recorder,
      set: () => chooseLimit(page, '10 MB/s'),
      downloads: () => [reader.bytes],
      lump: 0,
      ...strictness,
    });
  } finally {
    reader.stop();
  }
}

/** What the person sets, and that it holds. */
export function settingsScenarios(office: () => Office, launch: Launch): void {
  describe('an upload limit', () => {
    it('that is changed while a download runs is kept in every second that begins a second later', () =>
      // As in caps.test.ts; test/soak/desktop-caps.test.ts holds the twentieth, with nothing else on the machine.
      holdLimit(office(), launch, { tolerance: 0.15, fromBelow: false, enough: 0 }));
  });

  describe('language and theme', () => {
    it('change at once, and are kept over a restart', async () => {
      using folder = tempFolder('potluck-app-');
      {
        await using app = await launch({ userData: folder.path });
        const page = await app.page();
        await throughFirstRun(page);
        await page.getByRole('tab', { name: 'Settings' }).click();
        await page.getByRole('radio', { name: 'Dark' }).check();
        await page.locator('html[data-theme="dark"]').waitFor();
        await page.getByLabel('Language').selectOption({ label: '简体中文' });
        await page.locator('html[lang^="zh"]').waitFor();
        await app.quit();
        await app.ended;
      }
      await using app = await launch({ userData: folder.path });
      const page = await app.page();
      await page.locator('html[lang^="zh"][data-theme="dark"]').waitFor();
      await untilTitle(page, '未共享');
      await untilTray(app, /^未共享$/);
    });
  });
}
