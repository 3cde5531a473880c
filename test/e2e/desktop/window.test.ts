import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPeer } from '../../../src/engine/index.ts';
import { type Origin, startOrigin } from '../../support/origin.ts';
import { curl, eventually, freePort, type Potluck, sha256OfUrl, stopAll } from '../../support/program.ts';
import { startManager } from '../nodes.ts';
import { BIG, SIZE } from './scenarios/office.ts';
import { joinByHand, lookUp, throughFirstRun, untilTitle } from './scenarios/person.ts';
import { useStage } from './stage.ts';

/*
 * What only the double can be told to do: the system's language and theme, the battery, what its programs answer. The rest stands in
 * scenarios/.
 */

const MIB = 2 ** 20;

const start = useStage();
let origin: Origin;
let manager: Potluck;

beforeAll(async () => {
  origin = await startOrigin({ files: { '/big.iso': { size: SIZE } } });
  manager = await startManager(origin.url, ['--advertise-allow', '127.0.0.0/8']);
});

afterAll(async () => {
  await stopAll();
  await origin.close();
});

describe('the desktop app in its window', () => {
  it('takes an upload limit from the tray, shows it at once, and keeps to it', async () => {
    const { desk, page } = await start();
    await using _ = desk;
    await throughFirstRun(page());
    await joinByHand(page(), manager.data);
    await untilTitle(page(), 'Sharing');
    await page().getByRole('tab', { name: 'Limits' }).click();
    await desk.click('5 MB/s');
    const typed = page().getByLabel('As text, for example 20M').first();
    await eventually(async () => (await typed.inputValue()).startsWith('5'));
    const { speed } = await curl(['-L', '-o', '/dev/null', `${manager.data}/big.iso`]);
    // The first second may bring what the bucket holds; the scenarios hold every other one against the limit.
    expect(speed).toBeLessThan(5 * MIB * 1.35);
  });

  it('says in words what went wrong, and why it holds back', async () => {
    const { desk, page } = await start();
    await using _ = desk;
    await throughFirstRun(page());
    const check = await lookUp(page(), '127.0.0.1:9');
    await page().getByText('The manager does not answer at this address.').first().waitFor();
    await page().getByLabel('Address or join link').fill(manager.data);
    await page().getByRole('button', { name: 'Look it up' }).click();
    await check.getByRole('button', { name: 'Join', exact: true }).click();
    await untilTitle(page(), 'Sharing');
    desk.electron.powerMonitor.battery(true);
    await page().getByText('The computer runs on battery.').first().waitFor();
    await page().getByRole('button', { name: 'Share anyway' }).click();
    await untilTitle(page(), 'Sharing');
  });

  it('brings the command for the firewall that runs here, to copy', async () => {
    const nobody = await freePort();
    const { desk, page } = await start({
      // The address that the manager is to try is one where nobody answers, as behind a firewall that refuses.
      startPeer: (settings, options) =>
        startPeer({ ...settings, advertise: { host: '127.0.0.1', port: nobody } }, options),
      probes: { systemctl: () => 'Id=ufw.service\nActiveState=active\n', cat: () => 'ENABLED=yes\n' },
    });
    await using _ = desk;
    await throughFirstRun(page());
    await joinByHand(page(), manager.data);
    await untilTitle(page(), 'Joined, not sharing: firewall');
    await page().getByText(`sudo ufw allow ${desk.state.peer?.port}/tcp`).first().waitFor();
    await page().getByRole('button', { name: 'Copy the command' }).click();
    await eventually(() => desk.electron.clipboard.text.startsWith('sudo ufw allow'));
  });

  it('speaks Chinese and is dark where the system is', async () => {
    const { desk, page } = await start({
      languages: ['zh-CN'],
      prepare: (electron) => electron.nativeTheme.system('dark'),
    });
    await using _ = desk;
    await page().locator('html[lang^="zh"][data-theme="dark"]').waitFor();
    await desk.click('退出 Potluck');
    await eventually(() => desk.electron.app.ended === 'quit');
  });

  it('opens its window anew with what has happened meanwhile', async () => {
    const { desk, page } = await start();
    await using _ = desk;
    await throughFirstRun(page());
    await joinByHand(page(), manager.data);
    await untilTitle(page(), 'Sharing');
    desk.electron.window.close();
    await sha256OfUrl(`${manager.data}/big.iso`);
    await desk.click('Open Potluck');
    const anew = await eventually(page);
    await anew.getByText(BIG).first().waitFor();
  });
});
