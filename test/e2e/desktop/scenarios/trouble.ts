import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { eventually, freePort, sha256OfUrl, tempFolder } from '../../../support/program.ts';
import { managerOn, nodes, startPeer } from '../../nodes.ts';
import type { Launch } from './app-under-test.ts';
import { BIG, type Office, SIZE, startDownload } from './office.ts';
import { joinByHand, share, throughFirstRun, untilTitle } from './person.ts';

/** What the network, the machine and other programs do to it. */
export function troubleScenarios(office: () => Office, launch: Launch): void {
  describe('a manager', () => {
    it('that goes away is looked for, and joined again when it is back', async () => {
      const { origin } = office();
      const port = await freePort();
      using state = tempFolder('potluck-manager-');
      using folder = tempFolder('potluck-app-');
      await using app = await launch({ userData: folder.path });
      const first = await managerOn(port, origin.url, state.path);
      const page = await share(app, first.data);
      await first.stop(0);
      await untilTitle(page, 'Connection lost');
      await using _ = await managerOn(port, origin.url, state.path);
      await untilTitle(page, 'Sharing');
    });

    it('that cannot reach this computer is shown with what to tell the firewall', async () => {
      using folder = tempFolder('potluck-app-');
      // The manager is to try a port where nobody answers, as behind a firewall that refuses.
      const engine = join(folder.path, 'engine');
      mkdirSync(engine);
      writeFileSync(join(engine, 'potluck.yaml'), `advertise: 127.0.0.1:${await freePort()}\n`);
      await using app = await launch({ userData: folder.path });
      const page = await app.page();
      await throughFirstRun(page);
      await joinByHand(page, office().openUrl);
      await untilTitle(page, 'Joined, not sharing: firewall');
      await page.getByRole('heading', { name: 'Open the firewall' }).waitFor();
      await page.getByRole('button', { name: 'Copy the text for IT' }).waitFor();
      const { url } = await sha256OfUrl(`${office().openUrl}/big.iso`);
      expect(new URL(url).port).toBe(new URL(office().openUrl).port);
    });
  });

  describe('a machine', () => {
    it('that sleeps says goodbye before, and is back when it wakes', async () => {
      using folder = tempFolder('potluck-app-');
      await using app = await launch({ userData: folder.path });
      const page = await share(app, office().openUrl);
      await app.power('suspend');
      await untilTitle(page, 'Connection lost');
      await eventually(async () => (await nodes(office().open)).every(({ status }) => status !== 'active'));
      await app.power('resume');
      await untilTitle(page, 'Sharing');
    });

    it('that is shut down waits for no download, and has kept what counts', async () => {
      using folder = tempFolder('potluck-app-');
      await using app = await launch({ userData: folder.path });
      const page = await share(app, office().openUrl);
      await sha256OfUrl(`${office().openUrl}/big.iso`);
      await page.getByText(BIG).first().waitFor();
      const download = startDownload(office().openUrl);
      await page.getByRole('progressbar', { name: /^big\.iso, to / }).waitFor();
      await app.power('shutdown');
      const totals: unknown = JSON.parse(readFileSync(join(folder.path, 'totals.json'), 'utf8'));
      expect(totals).toMatchObject({ allTime: { served: expect.toSatisfy((served) => served >= SIZE) } });
      await eventually(async () => (await nodes(office().open)).every(({ status }) => status !== 'active'));
      await app.quit();
      await app.ended;
      download.goOn();
      expect(await download.done).toBe(false);
    });
  });

  describe('an engine that fails', () => {
    it('is shown, and started again without the app', async () => {
      const { openUrl, guarded } = office();
      using folder = tempFolder('potluck-app-');
      const engine = join(folder.path, 'engine');
      mkdirSync(engine);
      // Another program has the folder.
      await using other = await startPeer(guarded.data, ['--join-token', 'open-sesame'], { state: engine });
      await using app = await launch({ userData: folder.path });
      const page = await app.page();
      await throughFirstRun(page);
      await joinByHand(page, openUrl);
      await untilTitle(page, 'Stopped by a problem');
      await page.getByText('Another Potluck uses this folder.').waitFor();
      await other.stop();
      await page.getByRole('button', { name: 'Start again' }).click();
      await untilTitle(page, 'Sharing');
    });
  });
}
