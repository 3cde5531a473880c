import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startPeer } from '../../../src/engine/index.ts';
import { type Origin, startOrigin } from '../../support/origin.ts';
import { curl, eventually, freePort, type Potluck, stopAll } from '../../support/program.ts';
import { SlowReader } from '../../support/slow-reader.ts';
import { startManager } from '../nodes.ts';
import { joinByHand, throughFirstRun, useStage } from './stage.ts';

const MIB = 2 ** 20;
const SIZE = 24 * MIB;

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

describe('leaving by the window', () => {
  it('says what remains while the download runs, and lets it finish', async () => {
    manager = await startManager(origin.url);
    const { desk, page } = await start();
    await using _ = desk;
    await throughFirstRun(page());
    await joinByHand(page(), manager.data);
    await page().getByRole('heading', { name: 'Sharing', exact: true }).waitFor();
    const reader = new SlowReader(`${manager.data}/big.iso`);
    await page().getByText('big.iso').first().waitFor();
    await page().getByRole('button', { name: 'Leave', exact: true }).click();
    await page().getByRole('heading', { name: 'Leaving politely', exact: true }).waitFor();
    await page().getByText('1 download is still running').waitFor();
    reader.goOn();
    expect(await reader.done).toBe(true);
    await page().getByRole('heading', { name: 'Not sharing', exact: true }).waitFor();
  });
});

describe('a manager', () => {
  it('that cannot reach this computer leads to the command for the firewall', async () => {
    const nobody = await freePort();
    manager = await startManager(origin.url, ['--advertise-allow', '127.0.0.0/8']);
    const { desk, page } = await start({
      // The address that the manager is to try is one where nobody answers, as behind a firewall that refuses.
      startPeer: (settings, options) =>
        startPeer({ ...settings, advertise: { host: '127.0.0.1', port: nobody } }, options),
      probes: { systemctl: () => 'Id=ufw.service\nActiveState=active\n' },
    });
    await using _ = desk;
    await throughFirstRun(page());
    await joinByHand(page(), manager.data);
    await page().getByRole('heading', { name: 'Joined, not sharing: firewall', exact: true }).waitFor();
    await page().getByText(`sudo ufw allow ${desk.state.peer?.port}/tcp`).first().waitFor();
    await page().getByRole('button', { name: 'Copy the command' }).click();
    await eventually(() => desk.electron.clipboard.text.startsWith('sudo ufw allow'));
  });
});

describe('a machine that sleeps', () => {
  it('shows the session again when it is awake', async () => {
    manager = await startManager(origin.url);
    const { desk, page } = await start();
    await using _ = desk;
    await throughFirstRun(page());
    await joinByHand(page(), manager.data);
    await page().getByRole('heading', { name: 'Sharing', exact: true }).waitFor();
    desk.electron.powerMonitor.emit('suspend');
    await page().getByRole('heading', { name: 'Connection lost', exact: true }).waitFor();
    desk.electron.powerMonitor.emit('resume');
    await page().getByRole('heading', { name: 'Sharing', exact: true }).waitFor();
  });
});

describe('an upload limit', () => {
  it('that is chosen in the tray is kept to', async () => {
    manager = await startManager(origin.url);
    const { desk, page } = await start();
    await using _ = desk;
    await throughFirstRun(page());
    await joinByHand(page(), manager.data);
    await page().getByRole('heading', { name: 'Sharing', exact: true }).waitFor();
    await desk.click('5 MB/s');
    await desk.until(({ peer }) => peer?.uploadCap === 5 * MIB);
    const { speed } = await curl(['-L', '-o', '/dev/null', `${manager.data}/big.iso`]);
    // The first second may bring what the bucket holds; tests in test/e2e/caps measure more closely.
    expect(speed).toBeLessThan(5 * MIB * 1.35);
    expect(speed).toBeGreaterThan(2 * MIB);
  });
});
