import { describe, expect, it } from 'vitest';
import { launchChromium } from '../support/chromium.ts';
import { joined, SETTINGS, STATES, state } from './support/states.ts';
import { windows } from './support/windows.ts';

const browser = await launchChromium();

describe.skipIf(browser === undefined)('the window', () => {
  const open = windows(browser);

  it('begins with three steps that share nothing', async () => {
    const window = await open({ state: STATES['first-run']! });
    const { page } = window;
    await page.getByRole('heading', { name: 'Everyone brings a little' }).waitFor();
    await page.getByText('Nothing is shared before you click Join.').waitFor();
    await page.getByRole('button', { name: 'Continue' }).click();
    const heading = page.getByRole('heading', { name: 'How much you bring' });
    expect(await heading.evaluate((element) => element === element.ownerDocument.activeElement)).toBe(true);
    const cap = window.next('change');
    await page.getByRole('button', { name: '10 MB/s' }).click();
    expect(await cap).toEqual({ uploadCap: 10 * 2 ** 20 });
    const rules = window.next('change');
    await page.getByRole('switch', { name: /Pause on battery/ }).uncheck();
    expect(await rules).toEqual({ conditions: { battery: 'serve', metered: 'serve', vpn: 'serve', busy: 'serve' } });
    await page.getByRole('button', { name: 'Continue' }).click();
    const login = window.next('change');
    await page.getByRole('switch', { name: 'Start at login' }).check();
    expect(await login).toEqual({ startAtLogin: true });
    const done = window.next('change');
    await page.getByRole('button', { name: 'Find a manager' }).click();
    expect(await done).toEqual({ firstRunDone: true });
    expect(window.calls.some(({ name }) => name === 'join')).toBe(false);
    await window.push({ settings: SETTINGS });
    await page.getByRole('button', { name: 'Join Office cache' }).waitFor();
  });

  it('is walked through by keyboard alone', async () => {
    const window = await open({ state: joined('sharing') });
    const { page } = window;
    const focused = () =>
      page.evaluate(
        `(() => { const e = document.activeElement; return e.getAttribute('aria-label') ?? e.textContent.trim(); })()`,
      );
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('Home');
    await page.keyboard.press('ArrowRight');
    await page.getByRole('tab', { name: 'Limits', selected: true }).waitFor();
    expect(await focused()).toBe('Limits');
    await page.keyboard.press('End');
    expect(await focused()).toBe('Settings');
    await page.keyboard.press('ArrowRight');
    expect(await focused()).toBe('Home');
    await page.keyboard.press('Tab');
    // The view scrolls, and browsers let the keyboard into what scrolls.
    if ((await focused()) !== 'Pause') await page.keyboard.press('Tab');
    expect(await focused()).toBe('Pause');
    await page.keyboard.press('ArrowDown');
    await expect.poll(focused).toBe('Pause for 1 hour');
    await page.keyboard.press('ArrowUp');
    expect(await focused()).toBe('Pause until tomorrow');
    await page.keyboard.press('Escape');
    expect(await focused()).toBe('Pause');
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('Leave');
  });

  it('keeps the focus where the button that had it goes away with what it did', async () => {
    const window = await open({ state: state() });
    const { page } = window;
    const focused = () => page.evaluate('[document.activeElement.tagName, document.activeElement.textContent].join()');
    await page.getByRole('button', { name: 'Join Office cache' }).press('Enter');
    await window.push(STATES['joining']!);
    await expect.poll(focused).toBe('H1,Joining…');
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('BUTTON,Cancel');
    await window.push(STATES['sharing']!);
    await expect.poll(focused).toBe('H1,Sharing');
    // Who looks at something else is left there.
    await page.getByRole('tab', { name: 'Home' }).focus();
    await window.push(STATES['draining']!);
    await page.getByRole('heading', { name: 'Leaving politely' }).waitFor();
    expect(await focused()).toBe('BUTTON,Home');
  });

  it('says in its title where it stands, in the language that is set', async () => {
    const window = await open({ state: STATES['first-run']! });
    const titled = () => window.page.title();
    expect(await titled()).toBe('Potluck');
    await window.push(STATES['sharing']!);
    await expect.poll(titled).toBe('Sharing – Potluck');
    await window.push({ settings: { ...SETTINGS, language: 'zh' } });
    await expect.poll(titled).toBe('正在共享 – Potluck');
  });

  it('is drawn where the system names no language', async () => {
    const window = await open({ state: joined('sharing'), systemLanguage: 'en-US@posix' });
    await window.page.getByRole('img', { name: /Throughput/ }).waitFor();
  });

  it('begins in the system’s language, before anything says which one is set', async () => {
    const window = await open({ state: state(), silent: true, systemLanguage: 'zh-Hans-CN' });
    await window.page.getByText('Potluck 没有响应').waitFor();
    expect(await window.page.locator('html').getAttribute('lang')).toBe('zh-CN');
  });

  it('shows where the focus is, on every control of every view', async () => {
    const window = await open({ state: joined('sharing', { tray: false }) });
    const { page } = window;
    for (const tab of ['Home', 'Limits', 'Diagnostics', 'Settings']) {
      await page.getByRole('tab', { name: tab }).click();
      await page.keyboard.press('Tab');
      const unseen = await page.evaluate(UNSEEN);
      expect(unseen, tab).toEqual([]);
    }
  });

  it('diagnoses, and copies a report', async () => {
    const window = await open({ state: joined('unreachable') });
    const { page } = window;
    await page.getByRole('tab', { name: 'Diagnostics' }).click();
    await page
      .getByRole('row', { name: /docker0 172\.17\.0\.1 Cannot receive multicast \(addMembership ENODEV\)/ })
      .waitFor();
    await page.getByText('no answer from 192.168.1.31:8001 within 3 s').waitFor();
    await page.getByRole('region', { name: 'The last lines of the log' }).getByText('joined Office cache').waitFor();
    const copy = window.next('copy');
    await page.getByRole('button', { name: 'Copy report' }).click();
    expect((await copy).text).toContain('reachable: no');
    const again = window.next('diagnostics');
    await page.getByRole('button', { name: 'Check again' }).click();
    await again;
  });

  it('changes its own settings', async () => {
    const window = await open({ state: state({ tray: false }) });
    const { page } = window;
    await page.getByRole('tab', { name: 'Settings' }).click();
    await page.getByText('With its window minimised.').waitFor();
    const expectChange = async (act: () => Promise<unknown>, change: unknown) => {
      const made = window.next('change');
      await act();
      expect(await made).toEqual(change);
    };
    await expectChange(() => page.getByRole('switch', { name: 'Join automatically' }).uncheck(), {
      joinAutomatically: false,
    });
    await expectChange(() => page.getByRole('combobox', { name: 'Language' }).selectOption('简体中文'), {
      language: 'zh',
    });
    await expectChange(() => page.getByRole('radio', { name: 'Dark' }).check(), { theme: 'dark' });
    await expectChange(
      () => page.getByRole('combobox', { name: 'When there is a new version' }).selectOption('Do not look'),
      {
        updates: 'off',
      },
    );
    const port = page.getByRole('textbox', { name: 'Port' });
    await port.fill('80');
    await port.press('Enter');
    await page.getByText('A port is a number from 1024 to 65535.').waitFor();
    await expectChange(
      async () => {
        await port.fill('9001');
        await port.press('Enter');
      },
      { port: 9001 },
    );
    const quit = window.next('quit');
    await page.getByRole('button', { name: 'Quit Potluck' }).click();
    await quit;
    await window.push({ tray: true });
    await page.getByRole('button', { name: 'Quit Potluck' }).waitFor({ state: 'detached' });
  });

  it('shows what is again where a setting could not be changed', async () => {
    const window = await open({ state: state() });
    const { page } = window;
    window.answers.change = { ok: false, problem: { code: 'POTLUCK_FILE_UNWRITABLE', message: 'settings.json' } };
    await page.getByRole('tab', { name: 'Settings' }).click();
    const login = page.getByRole('switch', { name: 'Start at login' });
    await login.click();
    await page.getByText('A file cannot be written.').waitFor();
    expect(await login.isChecked()).toBe(false);
    await page.getByRole('radio', { name: 'Dark' }).click();
    await expect.poll(() => page.getByRole('radio', { name: 'As the system' }).isChecked()).toBe(true);
  });

  it('leads through an update', async () => {
    const window = await open({ state: state() });
    const { page } = window;
    await page.getByRole('tab', { name: 'Settings' }).click();
    const step = async (name: string) => {
      const made = window.next('update');
      await page.getByRole('button', { name }).click();
      return (await made).step;
    };
    expect(await step('Check now')).toBe('check');
    await page.getByRole('status').getByText('Looked for updates just now.').waitFor();
    await window.push({
      update: {
        phase: 'available',
        version: '0.2.0',
        notes: 'Faster.\n<b>Calmer.</b>',
        progress: null,
        off: null,
        problem: null,
      },
    });
    await page.getByRole('region', { name: 'What is new in 0.2.0' }).getByText('<b>Calmer.</b>').waitFor();
    expect(await step('Download 0.2.0')).toBe('download');
    await window.push({
      update: { phase: 'downloading', version: '0.2.0', progress: 0.25, notes: null, off: null, problem: null },
    });
    await page.getByRole('progressbar', { name: 'Version 0.2.0 is being downloaded.' }).waitFor();
    await window.push({
      update: { phase: 'ready', version: '0.2.0', progress: null, notes: null, off: null, problem: null },
    });
    expect(await step('Install 0.2.0 and restart')).toBe('install');
    await window.push({
      update: { phase: 'installing', version: '0.2.0', progress: null, notes: null, off: null, problem: null },
    });
    await page.getByText('Version 0.2.0 is being installed.').waitFor();
    expect(await page.getByRole('button', { name: /0\.2\.0/ }).count()).toBe(0);
    await window.push({
      update: { phase: 'off', version: null, progress: null, notes: null, off: 'no-key', problem: null },
    });
    await page.getByText('This build has no release key').waitFor();
    await window.push({
      update: {
        phase: 'failed',
        version: '0.2.0',
        progress: null,
        notes: null,
        off: null,
        problem: { code: 'POTLUCK_MANAGER_UNREACHABLE', message: 'the manager cannot be reached: http://cdn:11000' },
      },
    });
    await page.getByText('The manager does not answer at this address. (http://cdn:11000)').waitFor();
  });

  it('draws again only what changed', async () => {
    const window = await open({ state: joined('sharing') });
    const { page } = window;
    await page.evaluate(`
      window.changes = [];
      new MutationObserver((records) => window.changes.push(...records.map((record) => record.target.nodeName)))
        .observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
    `);
    await window.push(structuredClone(window.state));
    await page.evaluate('new Promise(requestAnimationFrame)');
    expect(await page.evaluate('window.changes')).toEqual([]);
    await window.push({ today: { served: 1, saved: 1 } });
    await page.getByText('1 B saved').waitFor();
    expect(await page.evaluate('window.changes.length')).toBeLessThan(4);
  });
});

/** Controls that look the same with the focus as without: neither an outline nor another shadow or colour around them. */
const UNSEEN = `(() => {
  const look = (element) => [element, element.nextElementSibling, element.parentElement, element.closest('label')]
    .filter(Boolean)
    .map((one) => { const s = getComputedStyle(one); return s.outlineStyle + s.outlineWidth + s.boxShadow; }).join();
  const thumb = (element) => element.type === 'range';
  return [...document.querySelectorAll('.panel button, .panel input, .panel select, .panel [tabindex="0"]')]
    .filter((element) => {
      if (thumb(element)) return false;
      element.blur();
      const before = look(element);
      element.focus({ focusVisible: true });
      return document.activeElement !== element || look(element) === before;
    })
    .map((element) => element.outerHTML.slice(0, 120));
})()`;
