import { describe, expect, it } from 'vitest';
import { launchChromium } from '../support/chromium.ts';
import { CROWDED, joined, MANAGERS, peer, SETTINGS, STATES, state } from './support/states.ts';
import { windows } from './support/windows.ts';

/** With ordinary spaces in place of those that tie a number to its unit. */
const plain = (text: string) => text.replaceAll('\u00a0', ' ');
const browser = await launchChromium();

describe.skipIf(browser === undefined)('home', () => {
  const open = windows(browser);

  it('offers the managers that answer, and joins the one that is chosen with the key that was shown', async () => {
    const window = await open({ state: state() });
    const { page } = window;
    const first = page.getByRole('radio', { name: /Office cache.*192\.168\.1\.5:11000.*12 members/ });
    expect(await first.isChecked()).toBe(true);
    const join = window.next('join');
    await page.getByRole('button', { name: 'Join Office cache' }).click();
    expect(await join).toEqual({ url: MANAGERS[0]!.url, fingerprint: MANAGERS[0]!.fingerprint });
    await page.getByRole('radio', { name: /Build farm/ }).check();
    await page.getByRole('button', { name: 'Join Build farm' }).waitFor();
  });

  it('keeps Join in sight however many managers there are', async () => {
    const window = await open({ state: CROWDED['nine-managers']! });
    const join = window.page.getByRole('button', { name: 'Join Manager 0' });
    const { y = 0, height = 0 } = (await join.boundingBox()) ?? {};
    expect([y > 0, y + height <= 640]).toEqual([true, true]);
    await window.page.getByRole('status').getByText('9 managers nearby.').waitFor({ state: 'attached' });
  });

  it('prefers the manager of last time, and names it even where it is not seen', async () => {
    const last = { url: MANAGERS[1]!.url, name: 'Build farm', fingerprint: MANAGERS[1]!.fingerprint };
    const window = await open({ state: state({ last }) });
    await window.page.getByRole('button', { name: 'Join Build farm' }).waitFor();
    await window.push({ nearby: [] });
    await window.page.getByRole('radio', { name: /Build farm.*not seen now/ }).waitFor();
    await window.push({ last: null });
    const join = window.page.getByRole('button', { name: 'Join', exact: true });
    expect(await join.getAttribute('aria-disabled')).toBe('true');
  });

  it('shows what is served while it shares', async () => {
    const window = await open({ state: joined('sharing') });
    const { page } = window;
    const bar = page.getByRole('progressbar', { name: 'ubuntu-24.04.3-desktop-amd64.iso, to 192.168.1.23' });
    expect(await bar.evaluate((element) => Number(element.getAttribute('value')))).toBeCloseTo(0.64, 2);
    const unknown = page.getByRole('progressbar', { name: '普通话-large.bin, to fd00::1:52' });
    expect(await unknown.getAttribute('value')).toBeNull();
    await page.getByRole('img', { name: /Now 18\.4\sMB\/s up, 3\.20\sMB\/s down/ }).waitFor();
    await page.getByText('96% of the requests were answered from the cache.').waitFor();
    await page.getByText('11.9 GB saved for the origin').waitFor();
  });

  it('counts the downloads that it does not list', async () => {
    const [download] = peer().downloads;
    const downloads = Array.from({ length: 50 }, (_, id) => ({ ...download!, id }));
    const window = await open({ state: joined('sharing', { peer: peer({ downloads, running: 240 }) }) });
    expect(await window.page.getByRole('progressbar').count()).toBe(8);
    await window.page.getByText('and 232 more').waitFor();
  });

  it('pauses for an hour or until tomorrow, and goes on', async () => {
    const window = await open({ state: joined('sharing') });
    const { page } = window;
    const hour = window.next('pause');
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('menuitem', { name: 'Pause for 1 hour' }).click();
    expect(Number((await hour).until) - Date.now()).toBeGreaterThan(3_500_000);
    const tomorrow = window.next('pause');
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('menuitem', { name: 'Pause until tomorrow' }).click();
    const until = new Date(Number((await tomorrow).until));
    expect(until.getTime()).toBeGreaterThan(Date.now());
    expect(until.getHours()).toBe(6);
    await window.push(STATES['paused-by-hand']!);
    await page.getByText(/^You paused it until \d\d:\d\d\.$/).waitFor();
    const on = window.next('pause');
    await page.getByRole('button', { name: 'Resume now' }).click();
    expect(await on).toEqual({ until: null });
  });

  it('says why it holds back, and can be told to share anyway unless the administrator has decided', async () => {
    const window = await open({ state: STATES['paused-on-battery']! });
    const { page } = window;
    await page.getByText('The computer runs on battery.').first().waitFor();
    const override = window.next('override');
    await page.getByRole('button', { name: 'Share anyway' }).click();
    expect(await override).toEqual({ condition: 'battery' });
    await window.push(STATES['switched-off']!);
    await page.getByText('The administrator has switched caching off.').first().waitFor();
    expect(await page.getByRole('button', { name: 'Share anyway' }).count()).toBe(0);
  });

  it('leaves politely, tells what remains, and can leave now', async () => {
    const window = await open({ state: joined('sharing') });
    const { page } = window;
    const warm = window.next('leave');
    await page.getByRole('button', { name: 'Leave' }).click();
    expect(await warm).toEqual({ cold: false });
    await window.push(STATES['draining']!);
    const left = page.getByRole('region', { name: 'Leaving politely' });
    expect(await left.getByRole('term').allTextContents()).toEqual(['Still running', 'To go', 'Time left']);
    const figures = await left.getByRole('definition').allTextContents();
    expect(figures.map(plain)).toEqual(['3 downloads', '2.90 GB', 'about 2 min 40 s']);
    const cold = window.next('leave');
    await page.getByRole('button', { name: 'Leave now' }).click();
    expect(await cold).toEqual({ cold: true });
    await window.push({ peer: peer({ state: 'draining', downloads: [], running: 0 }) });
    await page.getByText('All downloads have finished.').waitFor();
  });

  it('helps with the firewall where the manager cannot reach this computer', async () => {
    const window = await open({ state: STATES['unreachable']! });
    const { page } = window;
    await page.getByText('sudo ufw allow').waitFor();
    const command = window.next('copy');
    await page.getByRole('button', { name: 'Copy the command' }).click();
    expect((await command).text).toMatch(/^sudo ufw allow/);
    await page.getByText('Copied').waitFor();
    const text = window.next('copy');
    await page.getByRole('button', { name: 'Copy the text for IT' }).click();
    expect((await text).text).toMatch(/TCP port 8001/);
  });

  it('says once what is wrong', async () => {
    const trouble = 'the manager at 192.168.1.5:11000 cannot be reached';
    const problem = { code: 'POTLUCK_MANAGER_UNREACHABLE', message: trouble };
    const lost = peer({ state: 'sharing', trouble: 'disk: ENOSPC', troubleCode: 'POTLUCK_DISK_FULL' });
    const window = await open({ state: state({ problem }) });
    const { page } = window;
    const banner = page.getByRole('alert').filter({ hasText: 'The manager does not answer at this address.' });
    const read = window.next('dismiss');
    await banner.getByRole('button', { name: 'Close' }).click();
    expect(await read).toBeNull();
    await window.push({
      ...joined('sharing'),
      peer: lost,
      problem: { code: 'POTLUCK_DISK_FULL', message: 'disk: ENOSPC' },
    });
    await page.getByText('The disk is full.').waitFor();
    expect(await page.getByText('The disk is full.').count()).toBe(1);
    const inMemory = 'the disk has no room for this: what is new is kept in memory only';
    await window.push({
      settings: { ...SETTINGS, language: 'zh' },
      peer: { ...lost, trouble: inMemory },
      problem: { code: 'POTLUCK_DISK_FULL', message: inMemory },
    });
    await page.getByText('磁盘已满。').waitFor();
    await page.getByText('what is new is kept in memory only', { exact: true }).waitFor();
  });

  it('starts a failed engine again', async () => {
    const window = await open({ state: STATES['failed']! });
    await window.page.getByText('The port was lost.').waitFor();
    const restart = window.next('restartEngine');
    await window.page.getByRole('button', { name: 'Start again' }).click();
    expect(await restart).toBeNull();
  });

  it('shows what could not be done, and takes it away when it is closed', async () => {
    const window = await open({ state: joined('sharing') });
    window.answers.leave = { ok: false, problem: { code: 'POTLUCK_DISK_FULL', message: 'no room in /cache' } };
    const { page } = window;
    await page.getByRole('button', { name: 'Leave' }).click();
    const alert = page.getByRole('alert').filter({ hasText: 'The disk is full.' });
    await alert.getByText('no room in /cache').waitFor();
    await alert.getByRole('button', { name: 'Close' }).click();
    await page.getByText('The disk is full.').waitFor({ state: 'detached' });
  });

  it('says so when the app does not answer at all', async () => {
    const window = await open({ state: state({ settings: SETTINGS }), silent: true });
    await window.page.getByText('Potluck does not answer.').waitFor();
  });
});
