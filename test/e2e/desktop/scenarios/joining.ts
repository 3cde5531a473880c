import { describe, expect, it } from 'vitest';
import { freePort, tempFolder } from '../../../support/program.ts';
import { managerOn, nodes } from '../../nodes.ts';
import type { Launch } from './app-under-test.ts';
import { BIG, fingerprintOf, hasNetwork, joinLink, type Office, SIZE, startDownload, TOKEN } from './office.ts';
import { joinListed, lookUp, share, throughFirstRun, untilTitle, untilTray } from './person.ts';

/** From the first start to a peer that shares, and what can stand in between. */
export function joiningScenarios(office: () => Office, launch: Launch): void {
  describe('the first day', () => {
    it.skipIf(!hasNetwork())('leads over a manager found nearby to a download that is shown and counted', async () => {
      const { open } = office();
      using folder = tempFolder('potluck-app-');
      await using app = await launch({ userData: folder.path });
      const page = await app.page();
      await page.getByRole('heading', { name: 'Everyone brings a little' }).waitFor();
      await throughFirstRun(page);
      expect((await nodes(open)).filter(({ status }) => status === 'active')).toEqual([]);
      await joinListed(page, open.data);
      await untilTitle(page, 'Sharing');
      await untilTray(app, /^Sharing with /);
      const download = startDownload(open.data);
      const row = page.getByRole('progressbar', { name: /^big\.iso, to / });
      await row.waitFor();
      download.goOn();
      expect(await download.done).toBe(true);
      expect(download.bytes).toBe(SIZE);
      await row.waitFor({ state: 'detached' });
      await page.getByText(BIG).first().waitFor();
      await untilTray(app, BIG);
      expect(app.problems).toEqual([]);
    });
  });

  describe('a join token', () => {
    it('is asked for again where it was wrong', async () => {
      using folder = tempFolder('potluck-app-');
      await using app = await launch({ userData: folder.path });
      const page = await app.page();
      await throughFirstRun(page);
      const check = await lookUp(page, office().guarded.data);
      await check.getByLabel('Join token').fill('open-barley');
      await check.getByRole('button', { name: 'Join', exact: true }).click();
      await check.getByText('The manager did not accept this token.').waitFor();
      expect(await nodes(office().guarded)).toEqual([]);
      await check.getByLabel('Join token').fill(TOKEN);
      await check.getByRole('button', { name: 'Join', exact: true }).click();
      await untilTitle(page, 'Sharing');
    });
  });

  describe('a join link', () => {
    it('waits for a yes, and joins with a token that the page never sees', async () => {
      const link = await joinLink(office().guarded);
      using folder = tempFolder('potluck-app-');
      await using app = await launch({ userData: folder.path, args: [link] });
      const page = await app.page();
      const dialog = page.getByRole('dialog', { name: 'Join this manager?' });
      await dialog.waitFor();
      expect(await page.content()).not.toContain(TOKEN);
      await dialog.getByRole('button', { name: 'Join', exact: true }).click();
      await dialog.waitFor({ state: 'detached' });
      await throughFirstRun(page);
      await untilTitle(page, 'Sharing');
    });

    it('comes to the app that runs when it is started again', async () => {
      const link = await joinLink(office().guarded);
      using folder = tempFolder('potluck-app-');
      await using app = await launch({ userData: folder.path });
      await throughFirstRun(await app.page());
      if (app.tray !== undefined) await app.closeWindow();
      await app.startAgain([link]);
      const page = await app.page();
      const dialog = page.getByRole('dialog', { name: 'Join this manager?' });
      await dialog.getByRole('button', { name: 'Do not join' }).click();
      await dialog.waitFor({ state: 'detached' });
      await untilTitle(page, 'Not sharing');
    });
  });

  describe('a manager with another key', () => {
    it('is warned of, and joined only after a deliberate yes', async () => {
      const { origin } = office();
      const port = await freePort();
      using folder = tempFolder('potluck-app-');
      await using app = await launch({ userData: folder.path });
      const first = await managerOn(port, origin.url);
      const page = await share(app, first.data);
      await page.getByRole('button', { name: 'Leave' }).click();
      await untilTitle(page, 'Not sharing');
      const pinned = await fingerprintOf(first);
      await first.stop();
      await using second = await managerOn(port, origin.url);
      await joinListed(page, second.data);
      const warning = page.getByRole('alertdialog', { name: 'This manager has another key' });
      await warning.waitFor();
      expect(await warning.locator('code').allTextContents()).toEqual([pinned, await fingerprintOf(second)]);
      expect(await nodes(second)).toEqual([]);
      await warning.getByRole('checkbox').check();
      await warning.getByRole('button', { name: 'Trust the new key and join' }).click();
      await untilTitle(page, 'Sharing');
    });
  });
}
