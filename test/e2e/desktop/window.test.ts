import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Origin, startOrigin } from '../../support/origin.ts';
import { eventually, type Potluck, sha256OfUrl, stopAll } from '../../support/program.ts';
import { startManager } from '../nodes.ts';
import { joinByHand, throughFirstRun, useStage } from './stage.ts';

const MIB = 2 ** 20;
const SIZE = 3 * MIB;

const start = useStage();
let origin: Origin;
let manager: Potluck;

beforeEach(async () => {
  origin = await startOrigin({ files: { '/big.iso': { size: SIZE } } });
});

afterEach(async () => {
  await stopAll();
  await origin.close();
});

describe('the desktop app in its window', () => {
  it('leads from the first start to a download that is shown and counted, and politely out again', async () => {
    manager = await startManager(origin.url);
    const { desk, host, page } = await start();
    await using _ = desk;
    await page().getByRole('heading', { name: 'Everyone brings a little' }).waitFor();
    await throughFirstRun(page());
    expect(desk.state.settings.firstRunDone).toBe(true);
    expect(desk.state.app).toBe('idle');
    await joinByHand(page(), manager.data);
    await page().getByRole('heading', { name: 'Sharing', exact: true }).waitFor();
    const got = await sha256OfUrl(`${manager.data}/big.iso`);
    expect(got.sha256).toBe(await origin.expectedSha256('/big.iso'));
    await page().getByText('3 MB').first().waitFor();
    await page().getByRole('button', { name: 'Leave' }).click();
    await page().getByRole('heading', { name: 'Not sharing' }).waitFor();
    expect(host.problems).toEqual([]);
  });

  it('takes a limit from the person, and shows it in the tray at once', async () => {
    const { desk, page } = await start();
    await using _ = desk;
    await throughFirstRun(page());
    await page().getByRole('tab', { name: 'Limits' }).click();
    await desk.click('5 MB/s');
    await eventually(() => desk.state.settings.uploadCap === 5 * MIB);
    await eventually(async () =>
      (await page().getByLabel('As text, for example 20M').first().inputValue()).startsWith('5'),
    );
  });

  it('asks before it follows a join link, and joins with a token that the page never sees', async () => {
    manager = await startManager(origin.url, ['--join-token', 'open-sesame']);
    const health = (await (await fetch(`${manager.data}/_potluck/health`)).json()) as { fingerprint: string };
    const link = `potluck://join?url=${encodeURIComponent(manager.data)}&key=${health.fingerprint}&token=open-sesame`;
    const { desk, page } = await start({ argv: [link] });
    await using _ = desk;
    const dialog = page().getByRole('dialog', { name: 'Join this manager?' });
    await dialog.waitFor();
    expect(await page().content()).not.toContain('open-sesame');
    expect(desk.state.app).toBe('idle');
    await dialog.getByRole('button', { name: 'Join', exact: true }).click();
    await desk.until(({ app }) => app === 'sharing');
  });

  it('says what went wrong in words, and why it holds back', async () => {
    manager = await startManager(origin.url);
    const { desk, page } = await start();
    await using _ = desk;
    await throughFirstRun(page());
    await page().getByRole('button', { name: 'Enter an address or link' }).click();
    await page().getByLabel('Address or join link').fill('127.0.0.1:9');
    await page().getByRole('button', { name: 'Look it up' }).click();
    await page().getByText('The manager does not answer at this address.').first().waitFor();
    await page().getByLabel('Address or join link').fill(manager.data);
    await page().getByRole('button', { name: 'Look it up' }).click();
    const check = page().getByRole('dialog', { name: 'Is this the right manager?' });
    await check.getByRole('button', { name: 'Join', exact: true }).click();
    await page().getByRole('heading', { name: 'Sharing', exact: true }).waitFor();
    desk.electron.powerMonitor.battery(true);
    await page().getByText('The computer runs on battery.').first().waitFor();
    await page().getByRole('button', { name: 'Share anyway' }).click();
    await page().getByRole('heading', { name: 'Sharing', exact: true }).waitFor();
  });

  it('speaks Chinese and is dark where the system is', async () => {
    const { desk, page } = await start({
      languages: ['zh-CN'],
      prepare: (electron) => electron.nativeTheme.system('dark'),
    });
    await using _ = desk;
    await page().locator('html[lang^="zh"][data-theme="dark"]').waitFor();
    await desk.click('退出程序');
    await eventually(() => desk.electron.app.ended === 'quit');
  });

  it('opens its window anew with what has happened meanwhile', async () => {
    manager = await startManager(origin.url);
    const { desk, page } = await start();
    await using _ = desk;
    await throughFirstRun(page());
    await joinByHand(page(), manager.data);
    await page().getByRole('heading', { name: 'Sharing', exact: true }).waitFor();
    desk.electron.window.close();
    await sha256OfUrl(`${manager.data}/big.iso`);
    await desk.click('Open Potluck');
    await eventually(() => page().getByText('3 MB').first().isVisible());
  });
});
