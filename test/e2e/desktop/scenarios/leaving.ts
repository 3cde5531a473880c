import { describe, expect, it } from 'vitest';
import { eventually, tempFolder } from '../../../support/program.ts';
import type { SlowReader } from '../../../support/slow-reader.ts';
import { nodes } from '../../nodes.ts';
import type { AppUnderTest, Launch } from './app-under-test.ts';
import { type Office, SIZE, startDownload } from './office.ts';
import { joinListed, share, untilTitle, untilTray } from './person.ts';

/** Ways out: of the pot, and of the app. */
export function leavingScenarios(office: () => Office, launch: Launch): void {
  const active = async () => (await nodes(office().open)).filter(({ status }) => status === 'active');

  /** A download that the window shows. */
  async function downloading(app: AppUnderTest): Promise<SlowReader> {
    const download = startDownload(office().openUrl);
    const page = await app.page();
    await page.getByRole('progressbar', { name: /^big\.iso, to / }).waitFor();
    return download;
  }

  /** A download that ends only when it is told to, in an app that is about to quit. */
  async function quitting(app: AppUnderTest): Promise<SlowReader> {
    const page = await share(app, office().openUrl);
    const download = await downloading(app);
    await app.quit();
    await untilTitle(page, 'Leaving politely');
    return download;
  }

  describe('leaving', () => {
    it('says what remains and waits for it; and does not, where the person would rather go now', async () => {
      using folder = tempFolder('potluck-app-');
      await using app = await launch({ userData: folder.path });
      const page = await share(app, office().openUrl);
      const finished = await downloading(app);
      await page.getByRole('button', { name: 'Leave', exact: true }).click();
      await untilTitle(page, 'Leaving politely');
      const left = page.getByRole('region', { name: 'Leaving politely' });
      await left.getByText('1 download', { exact: true }).waitFor();
      await left.getByText(/^about /).waitFor();
      await untilTray(app, /^Leaving when 1 download finishes$/);
      finished.goOn();
      expect([await finished.done, finished.bytes]).toEqual([true, SIZE]);
      await untilTitle(page, 'Not sharing');
      expect(await active()).toEqual([]);

      await joinListed(page, office().openUrl);
      await untilTitle(page, 'Sharing');
      const cut = await downloading(app);
      await page.getByRole('button', { name: 'Leave', exact: true }).click();
      await page.getByRole('button', { name: 'Leave now' }).click();
      await untilTitle(page, 'Not sharing');
      cut.goOn();
      expect(await cut.done).toBe(false);
      await eventually(async () => (await active()).length === 0);
    });
  });

  describe('quitting', () => {
    it('lets the download finish that runs, and the next start goes on with the same manager', async () => {
      using folder = tempFolder('potluck-app-');
      {
        await using app = await launch({ userData: folder.path });
        const download = await quitting(app);
        download.goOn();
        expect([await download.done, download.bytes]).toEqual([true, SIZE]);
        await app.ended;
      }
      await using again = await launch({ userData: folder.path });
      await untilTitle(await again.page(), 'Sharing');
    });

    it('waits for nothing when it is asked for twice', async () => {
      using folder = tempFolder('potluck-app-');
      await using app = await launch({ userData: folder.path });
      const download = await quitting(app);
      await app.quit();
      await app.ended;
      download.goOn();
      expect(await download.done).toBe(false);
    });
  });
}
