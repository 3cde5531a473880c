import { describe, expect, it } from 'vitest';
import type { Problem } from '../../src/engine/protocol/desktop.ts';
import { launchChromium } from '../support/chromium.ts';
import { MANAGERS, STATES, state } from './support/states.ts';
import { windows } from './support/windows.ts';

const browser = await launchChromium();
const REFUSED: Problem = { code: 'POTLUCK_JOIN_REFUSED', message: 'the join token is wrong' };

describe.skipIf(browser === undefined)('joining', () => {
  const open = windows(browser);

  it('asks for the token where one is needed, and again where it was wrong', async () => {
    const window = await open({ state: state() });
    const { page } = window;
    window.answers.join = ({ token }) =>
      token === 'right' ? { ok: true, value: null } : { ok: false, problem: REFUSED };
    await page.getByRole('radio', { name: /Build farm/ }).check();
    await page.getByRole('button', { name: 'Join Build farm' }).click();
    const dialog = page.getByRole('dialog', { name: 'Build farm asks for a join token' });
    const field = dialog.getByLabel('Join token');
    expect(await field.evaluate((element) => element === element.ownerDocument.activeElement)).toBe(true);
    expect(await field.getAttribute('type')).toBe('password');
    await field.fill('wrong');
    await page.keyboard.press('Enter');
    await dialog.getByText('The manager did not accept this token. (the join token is wrong)').waitFor();
    expect(await field.getAttribute('aria-invalid')).toBe('true');
    await field.fill('right');
    await dialog.getByRole('button', { name: 'Join' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect(window.calls.at(-1)?.payload).toEqual({
      url: MANAGERS[1]!.url,
      fingerprint: MANAGERS[1]!.fingerprint,
      token: 'right',
    });
  });

  it('asks before a token is written to a file, where no safe place is', async () => {
    const window = await open({ state: state({ secrets: 'session' }) });
    const { page } = window;
    await page.getByRole('radio', { name: /Build farm/ }).check();
    await page.getByRole('button', { name: 'Join Build farm' }).click();
    await page.getByText('It is remembered until Potluck ends.').waitFor();
    await page.getByRole('textbox', { name: 'Join token' }).fill('t');
    await page.getByRole('checkbox', { name: /Remember it in a file/ }).check();
    const join = window.next('join');
    await page.keyboard.press('Enter');
    expect(await join).toMatchObject({ token: 't', tokenInFile: true });
  });

  it('asks for the token when a manager that was joined before refuses', async () => {
    const window = await open({ state: STATES['join-refused']! });
    await window.page.getByRole('button', { name: 'Enter the join token' }).click();
    const dialog = window.page.getByRole('dialog', { name: 'Office cache asks for a join token' });
    await dialog.waitFor();
    await window.page.keyboard.press('Escape');
    // The one that refused is asked for, not the one that was joined last.
    const manager = { url: 'http://10.9.8.7:11000' };
    await window.push({ problem: { ...REFUSED, manager } });
    await window.page.getByRole('button', { name: 'Enter the join token' }).click();
    await window.page.getByRole('dialog', { name: '10.9.8.7:11000 asks for a join token' }).waitFor();
  });

  it('keeps to the manager that Join stands for when another is heard of, and tells those of one name apart', async () => {
    const [office] = MANAGERS;
    const window = await open({ state: state({ nearby: [{ ...office!, known: false }], last: null }) });
    const { page } = window;
    await page.getByRole('button', { name: 'Join Office cache' }).waitFor();
    const other = { ...office!, known: false, url: 'http://10.0.0.66:11000', fingerprint: 'e'.repeat(64) };
    await window.push({ nearby: [other, { ...office!, known: false }] });
    await expect.poll(() => page.getByText('Same name as another: compare the keys').count()).toBe(2);
    const join = window.next('join');
    await page.getByRole('button', { name: 'Join Office cache' }).click();
    expect(await join).toMatchObject({ fingerprint: office!.fingerprint });
  });

  it('looks a manager up by its address, shows its key, and joins', async () => {
    const window = await open({ state: STATES['nobody-nearby']! });
    const { page } = window;
    window.answers.inspect = ({ address }) =>
      address === 'cdn.example.com:11000'
        ? { ok: true, value: MANAGERS[0]! }
        : { ok: false, problem: { code: 'POTLUCK_BAD_ADDRESS', message: address } };
    await page.getByRole('button', { name: 'Enter an address or link' }).click();
    const field = page.getByRole('textbox', { name: 'Address or join link' });
    await field.fill('::::');
    await page.keyboard.press('Enter');
    await page.getByText('This is neither an address nor a join link.').waitFor();
    await field.fill('cdn.example.com:11000');
    await page.getByRole('button', { name: 'Look it up' }).click();
    const check = page.getByRole('dialog', { name: 'Is this the right manager?' });
    const shown = await check.locator('code').textContent();
    expect(shown).toBe(MANAGERS[0]!.fingerprint);
    const join = window.next('join');
    await check.getByRole('button', { name: 'Join' }).click();
    expect(await join).toEqual({ url: MANAGERS[0]!.url, fingerprint: MANAGERS[0]!.fingerprint });
    await check.waitFor({ state: 'detached' });
    // Back where it began, over two dialogs.
    const begun = page.getByRole('button', { name: 'Enter an address or link' });
    expect(await begun.evaluate((element) => element === element.ownerDocument.activeElement)).toBe(true);
  });

  it('does not take a double click for two answers', async () => {
    const window = await open({ state: state() });
    const { page } = window;
    await page.getByRole('button', { name: 'Enter an address or link' }).click();
    await page.getByRole('textbox').fill('cdn.example.com:11000');
    await page.getByRole('button', { name: 'Look it up' }).click();
    const join = page.getByRole('dialog', { name: 'Is this the right manager?' }).getByRole('button', { name: 'Join' });
    // The manager has answered between the two clicks, and Join stands where the first one went.
    await join.hover();
    await page.mouse.down({ clickCount: 2 });
    await page.mouse.up({ clickCount: 2 });
    await page.evaluate('new Promise(requestAnimationFrame)');
    expect(window.calls.map(({ name }) => name)).toEqual(['inspect']);
    await join.click();
    await join.waitFor({ state: 'detached' });
    expect(window.calls.at(-1)?.name).toBe('join');
  });

  it('takes the token out of a join link that was entered', async () => {
    const window = await open({ state: state() });
    const { page } = window;
    window.answers.inspect = { ok: true, value: MANAGERS[1]! };
    await page.getByRole('button', { name: 'Enter an address or link' }).click();
    await page.getByRole('textbox').fill(`potluck://join?url=http://b&key=${MANAGERS[1]!.fingerprint}&token=abc`);
    await page.keyboard.press('Enter');
    await page.getByText('The link names this key.').waitFor();
    const join = window.next('join');
    await page.getByRole('button', { name: 'Join', exact: true }).click();
    expect(await join).toMatchObject({ token: 'abc' });
    // One that asks for none is joined without.
    window.answers.inspect = { ok: true, value: { ...MANAGERS[1]!, tokenRequired: false } };
    await page.getByRole('button', { name: 'Enter an address or link' }).click();
    await page.getByRole('textbox').fill(`<potluck://join?url=http://b&key=${MANAGERS[1]!.fingerprint}&token=abc>`);
    await page.keyboard.press('Enter');
    await page.getByText('The link names this key.').waitFor();
    const withoutToken = window.next('join');
    await page.getByRole('button', { name: 'Join', exact: true }).click();
    expect(await withoutToken).not.toHaveProperty('token');
  });

  it('joins by a link only after a yes', async () => {
    const window = await open({ state: STATES['pending-link']! });
    const { page } = window;
    const dialog = page.getByRole('dialog', { name: 'Join this manager?' });
    await dialog.getByText('http://cdn.example.com:11000').waitFor();
    expect(await dialog.getByText(/^You leave/).count()).toBe(0);
    const { peer } = STATES['sharing']!;
    const manager = { ...peer!.manager!, fingerprint: 'f'.repeat(64) };
    await window.push({ app: 'sharing', peer: { ...peer!, manager } });
    await dialog.getByText(`You leave ${manager.name} for it`).waitFor();
    const no = window.next('answerLink');
    await page.keyboard.press('Escape');
    expect(await no).toEqual({ accept: false });
    const yes = window.next('answerLink');
    await dialog.getByRole('button', { name: 'Join', exact: true }).click();
    expect(await yes).toEqual({ accept: true });
    await window.push({ pendingLink: null });
    await dialog.waitFor({ state: 'detached' });
  });

  it('warns of a changed key, and trusts it only when somebody says that they asked', async () => {
    const window = await open({ state: STATES['changed-key']! });
    const { page } = window;
    const { changedKey } = window.state;
    const dialog = page.getByRole('alertdialog', { name: 'This manager has another key' });
    expect(await dialog.locator('code').allTextContents()).toEqual([changedKey?.pinned, changedKey?.now]);
    const trust = dialog.getByRole('button', { name: 'Trust the new key and join' });
    // A disabled button can be reached, and does nothing.
    await trust.click({ force: true });
    expect(window.calls.filter(({ name }) => name === 'trustChangedKey')).toEqual([]);
    // Put aside, it stays above everything else of Home.
    await dialog.getByRole('button', { name: 'Do not join' }).click();
    await page.getByRole('alert').getByRole('button', { name: 'Details' }).click();
    await dialog.getByRole('checkbox').check();
    const call = window.next('trustChangedKey');
    await trust.click();
    expect(await call).toEqual({ url: changedKey?.url, fingerprint: changedKey?.now });
  });
});
