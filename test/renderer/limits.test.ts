import { describe, expect, it } from 'vitest';
import { launchChromium } from '../support/chromium.ts';
import { joined, SETTINGS, state } from './support/states.ts';
import type { WindowPage } from './support/window-page.ts';
import { windows } from './support/windows.ts';

const browser = await launchChromium();
const MIB = 2 ** 20;

describe.skipIf(browser === undefined)('limits', () => {
  const open = windows(browser);
  const openLimits = async (changes = {}): Promise<WindowPage> => {
    const window = await open({ state: joined('sharing', changes) });
    // As the main process does: what was changed comes back in the state.
    window.answers.change = async (change) => {
      await window.push({ settings: { ...window.state.settings, ...change } });
      return { ok: true, value: null };
    };
    await window.page.getByRole('tab', { name: 'Limits' }).click();
    return window;
  };

  it('take a cap from the slider, step by step, up to none', async () => {
    const window = await openLimits();
    const slider = window.page.getByRole('slider', { name: 'Upload limit' });
    expect(await slider.getAttribute('aria-valuetext')).toBe('20\u00a0MB/s');
    const more = window.next('change');
    await slider.press('ArrowRight');
    expect(await more).toEqual({ uploadCap: 30 * MIB });
    await slider.press('End');
    await expect.poll(() => window.state.settings.uploadCap).toBeNull();
    expect(await slider.getAttribute('aria-valuetext')).toBe('No limit');
  });

  it('take a cap from a preset or as it is typed', async () => {
    const window = await openLimits();
    const { page } = window;
    const presets = page.getByRole('group', { name: 'Upload limit: Usual limits' });
    const preset = window.next('change');
    await presets.getByRole('button', { name: '5 MB/s', exact: true }).click();
    expect(await preset).toEqual({ uploadCap: 5 * MIB });
    const field = page.getByRole('textbox', { name: /^Upload limit/ });
    const typed = window.next('change');
    await field.fill('100 Mbit/s');
    await field.press('Enter');
    expect(await typed).toEqual({ uploadCap: 12_500_000 });
  });

  it('say what they do not understand, keep it, and forget it with Esc', async () => {
    const window = await openLimits();
    const field = window.page.getByRole('textbox', { name: /^Download limit/ });
    await field.fill('fast');
    await field.press('Enter');
    await window.page.getByRole('alert').getByText('Write for example 20M').waitFor();
    expect(await field.getAttribute('aria-invalid')).toBe('true');
    await field.press('Escape');
    expect(await field.inputValue()).toBe('No limit');
    expect(window.calls.filter(({ name }) => name === 'change')).toEqual([]);
  });

  it('show how much of the grants is in use, and change them', async () => {
    const window = await openLimits();
    const { page } = window;
    const meter = page.getByRole('meter', { name: /Memory: 431\sMB of 512\sMB in use/ });
    expect(Number(await meter.getAttribute('aria-valuenow'))).toBeCloseTo(431 / 512, 2);
    const disk = page.getByRole('textbox', { name: /^Disk/ });
    const change = window.next('change');
    await disk.fill('25 GB');
    await disk.press('Enter');
    expect(await change).toEqual({ disk: 25 * 1024 * MIB });
    await disk.fill('9000 GB');
    await disk.press('Enter');
    await page.getByText(/Write a size between 256\sMB and/).waitFor();
    await disk.fill('0');
    await disk.press('Enter');
    await expect.poll(() => window.state.settings.disk).toBe(0);
    await expect.poll(() => disk.inputValue()).toBe('Off');
  });

  it('clear the cache after a question', async () => {
    const window = await openLimits();
    const { page } = window;
    const ask = page.getByRole('button', { name: 'Clear cache…' });
    await ask.click();
    const dialog = page.getByRole('dialog', { name: 'Clear the cache?' });
    await dialog.getByText('6.62 GB').waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    expect(await ask.evaluate((element) => element === element.ownerDocument.activeElement)).toBe(true);
    const clear = window.next('clearCache');
    await ask.click();
    await dialog.getByRole('button', { name: 'Clear cache' }).click();
    await clear;
    await page.getByText('The cache is empty.').waitFor();
  });

  it('choose another folder, and the usual one again', async () => {
    const window = await openLimits();
    const { page } = window;
    await page.getByRole('button', { name: 'Cache folder: Choose…' }).click();
    await page.getByText('/mnt/data/potluck').waitFor();
    await page.getByRole('button', { name: 'Use the usual place' }).click();
    await page.getByText('The usual place').waitFor();
  });

  it('keep hours: always, after work, or one range for each day', async () => {
    const window = await openLimits();
    const { page } = window;
    const hours = () => window.state.settings.hours;
    await page.getByRole('radio', { name: 'After work' }).check();
    await expect.poll(hours).toBe('Mon-Fri 18:00-08:00; Sat-Sun');
    await page.getByRole('radio', { name: 'My hours' }).check();
    await page.getByRole('combobox', { name: 'Monday: when' }).selectOption('Not at all');
    await expect.poll(hours).toBe('Tue-Fri 18:00-08:00; Sat-Sun');
    const to = page.getByRole('textbox', { name: 'Tuesday: to' });
    await to.fill('18:00');
    await to.press('Enter');
    await page.getByText('A range cannot end when it begins.').waitFor();
    await to.fill('12.30 pm');
    await to.press('Enter');
    await expect.poll(hours).toBe('Tue 18:00-12:30; Wed-Fri 18:00-08:00; Sat-Sun');
    await expect.poll(() => to.inputValue()).toBe('12:30');
    // What was chosen does not jump back while it is on its way.
    const { change } = window.answers;
    const answer = Promise.withResolvers<{ ok: true; value: null }>();
    window.answers.change = () => answer.promise;
    await page.getByRole('radio', { name: 'Always' }).check();
    await page.getByRole('combobox', { name: 'Monday: when' }).waitFor({ state: 'detached' });
    answer.resolve({ ok: true, value: null });
    if (change !== undefined) window.answers.change = change;
    await page.getByRole('radio', { name: 'After work' }).check();
    await expect.poll(hours).toBe('Mon-Fri 18:00-08:00; Sat-Sun');
    await page.getByRole('radio', { name: 'Always' }).check();
    await expect.poll(hours).toBe('');
  });

  it('do not take away the last day, nor hours that they cannot show', async () => {
    const window = await openLimits({ settings: { ...SETTINGS, hours: 'Sun' } });
    const { page } = window;
    await page.getByRole('combobox', { name: 'Sunday: when' }).selectOption('Not at all');
    await page.getByText('Leave at least one day').waitFor();
    expect(window.state.settings.hours).toBe('Sun');
    await window.push({ settings: { ...SETTINGS, hours: 'Mon 12:00-13:00, 18:00-20:00' } });
    await page.getByText('Mon 12:00-13:00, 18:00-20:00').waitFor();
    await page.getByRole('button', { name: 'Replace them' }).click();
    await expect.poll(() => window.state.settings.hours).toBe('');
  });

  it('say of each condition what to do, and whether it is so now', async () => {
    const window = await openLimits();
    const group = window.page.getByRole('group', { name: 'While I use the computer' });
    const change = window.next('change');
    await group.getByRole('radio', { name: 'Slower' }).check();
    expect(await change).toEqual({ conditions: { ...SETTINGS.conditions, busy: 'slower' } });
    await window.page.getByText('Unknown: cannot be told on this computer').waitFor();
    await window.page.getByText('So it is now').waitFor();
  });

  it('can be set before anything is joined', async () => {
    const window = await open({ state: state() });
    await window.page.getByRole('tab', { name: 'Limits' }).click();
    await window.page.getByText('up to 10 GB').waitFor();
    await window.page.getByText('Unknown until you have joined').waitFor();
    await window.page.getByRole('button', { name: 'Clear cache…' }).click();
    await window.page.getByText('All cached files are dropped.').waitFor();
  });
});
