import type { Locator, Page } from 'playwright-core';
import { eventually } from '../../../support/program.ts';
import type { AppUnderTest } from './app-under-test.ts';

/** What a person does, and looks for, in the window. */

/** The three steps of the first run, with nothing changed. */
export async function throughFirstRun(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('button', { name: 'Find a manager' }).click();
}

/** Looks a manager up by hand; resolves with the dialog that shows its key. */
export async function lookUp(page: Page, address: string): Promise<Locator> {
  await page.getByRole('button', { name: 'Enter an address or link' }).click();
  await page.getByLabel('Address or join link').fill(address);
  await page.getByRole('button', { name: 'Look it up' }).click();
  return page.getByRole('dialog', { name: 'Is this the right manager?' });
}

/** Joins by hand: the address, a look at the key, Join. */
export async function joinByHand(page: Page, address: string): Promise<void> {
  const check = await lookUp(page, address);
  await check.getByRole('button', { name: 'Join', exact: true }).click();
}

/** Joins a manager of the list, once it is there: that on the port of this address, as others may be on the network. */
export async function joinListed(page: Page, address: string): Promise<void> {
  await page.getByRole('radio', { name: new RegExp(`:${new URL(address).port}\\b`) }).check();
  await page.getByRole('button', { name: /^Join / }).click();
}

/** Waits until Home says so in its large words. */
export async function untilTitle(page: Page, title: string): Promise<void> {
  await page.getByRole('heading', { name: title, exact: true }).waitFor();
}

/** From the first start to a peer that shares; the page of the window. */
export async function share(app: AppUnderTest, manager: string): Promise<Page> {
  const page = await app.page();
  await throughFirstRun(page);
  await joinByHand(page, manager);
  await untilTitle(page, 'Sharing');
  return page;
}

/** Waits until the tray's menu says so, where there is one. */
export async function untilTray(app: AppUnderTest, text: RegExp): Promise<void> {
  const { tray } = app;
  if (tray === undefined) return;
  await eventually(async () => (await tray.labels()).some((label) => text.test(label)));
}
