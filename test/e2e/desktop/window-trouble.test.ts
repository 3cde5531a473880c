import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Origin, startOrigin } from '../../support/origin.ts';
import { eventually, freePort, type Potluck, sha256OfUrl, stopAll, tempFolder } from '../../support/program.ts';
import { managerOn, startManager } from '../nodes.ts';
import { joinByHand, lookUp, throughFirstRun, useStage } from './stage.ts';

const MIB = 2 ** 20;
const SIZE = 24 * MIB;

let origin: Origin;
let manager: Potluck;
const start = useStage();

beforeEach(async () => {
  origin = await startOrigin({ files: { '/big.iso': { size: SIZE } } });
});

afterEach(async () => {
  await stopAll();
  await origin.close();
});

describe('the window, when things are not as one would wish', () => {
  it('asks again for a token that was wrong', async () => {
    manager = await startManager(origin.url, ['--join-token', 'open-sesame']);
    const { desk, page } = await start();
    await using _ = desk;
    await throughFirstRun(page());
    await lookUp(page(), manager.data);
    const check = page().getByRole('dialog', { name: 'Is this the right manager?' });
    await check.getByLabel('Join token').fill('open-barley');
    await check.getByRole('button', { name: 'Join', exact: true }).click();
    await check.getByText('The manager did not accept this token.').waitFor();
    expect(desk.state.app).toBe('idle');
    await check.getByLabel('Join token').fill('open-sesame');
    await page().keyboard.press('Enter');
    await page().getByRole('heading', { name: 'Sharing', exact: true }).waitFor();
    await check.waitFor({ state: 'detached' });
  });

  it('warns of a manager with another key, and joins it only after a deliberate yes', async () => {
    const port = await freePort();
    manager = await managerOn(port, origin.url);
    const { desk, page } = await start();
    await using _ = desk;
    await throughFirstRun(page());
    await joinByHand(page(), manager.data);
    await page().getByRole('heading', { name: 'Sharing', exact: true }).waitFor();
    await page().getByRole('button', { name: 'Leave' }).click();
    await page().getByRole('heading', { name: 'Not sharing' }).waitFor();
    await manager.stop();
    manager = await managerOn(port, origin.url);
    await page()
      .getByRole('button', { name: /^Join / })
      .click();
    const warning = page().getByRole('alertdialog', { name: 'This manager has another key' });
    await warning.waitFor();
    expect(desk.state.app).toBe('idle');
    const [pinned, now] = await warning.locator('code').allTextContents();
    expect(pinned).toBe(desk.state.changedKey?.pinned);
    expect(now).toBe(desk.state.changedKey?.now);
    await warning.getByRole('checkbox').check();
    await warning.getByRole('button', { name: 'Trust the new key and join' }).click();
    await page().getByRole('heading', { name: 'Sharing', exact: true }).waitFor();
  });

  it('can leave now although a download still runs', async () => {
    manager = await startManager(origin.url);
    const { desk, page } = await start();
    await using _ = desk;
    await throughFirstRun(page());
    await page().getByRole('tab', { name: 'Limits' }).click();
    await page().getByRole('group', { name: 'Upload limit' }).getByRole('button', { name: '1 MB/s' }).click();
    await eventually(() => desk.state.settings.uploadCap === MIB);
    await page().getByRole('tab', { name: 'Home' }).click();
    await joinByHand(page(), manager.data);
    await page().getByRole('heading', { name: 'Sharing', exact: true }).waitFor();
    const cut = sha256OfUrl(`${manager.data}/big.iso`).then(
      ({ bytes }) => bytes < SIZE,
      () => true,
    );
    await page()
      .getByRole('progressbar', { name: /^big\.iso, to/ })
      .waitFor();
    await page().getByRole('button', { name: 'Leave' }).click();
    await page()
      .getByText(/1 download is still running · .* to go · about/)
      .waitFor();
    await page().getByRole('button', { name: 'Leave now' }).click();
    await page().getByRole('heading', { name: 'Not sharing' }).waitFor();
    expect(await cut).toBe(true);
  });

  it('looks for a manager that is gone, and shares again when it is back', async () => {
    const port = await freePort();
    const kept = tempFolder('potluck-manager-');
    manager = await managerOn(port, origin.url, kept.path);
    const { desk, host, page } = await start();
    await using _ = desk;
    await throughFirstRun(page());
    await joinByHand(page(), manager.data);
    await page().getByRole('heading', { name: 'Sharing', exact: true }).waitFor();
    await manager.stop();
    await page().getByRole('heading', { name: 'Connection lost' }).waitFor();
    manager = await managerOn(port, origin.url, kept.path);
    await page().getByRole('heading', { name: 'Sharing', exact: true }).waitFor();
    expect(host.problems).toEqual([]);
    await stopAll();
    kept.remove();
  });
});
