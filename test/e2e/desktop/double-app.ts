import type { Page } from 'playwright-core';
import { Desk } from '../../main/desktop/harness.ts';
import type { Desktop } from '../../support/electron/app.ts';
import type { ChromiumHost } from '../../support/electron/chromium-host.ts';
import { eventually } from '../../support/program.ts';
import type { AppUnderTest, PowerEvent, TrayUnderTest } from './scenarios/app-under-test.ts';

/** The real main code in the double of Electron, its window a page of a real Chromium. */
export class DoubleApp implements AppUnderTest {
  /** The main code runs in the test's own process. */
  readonly pids = [process.pid];
  readonly tray: TrayUnderTest;
  readonly ended: Promise<void>;
  readonly #desk: Desk;
  readonly #host: ChromiumHost;
  readonly #desktop: Desktop;

  constructor(desk: Desk, host: ChromiumHost, desktop: Desktop) {
    this.#desk = desk;
    this.#host = host;
    this.#desktop = desktop;
    this.tray = {
      labels: () => Promise.resolve(desk.electron.tray.menu?.labels ?? []),
      click: (label) => Promise.resolve(desk.electron.tray.menu?.click(label)),
    };
    const quit = new Promise<void>((resolve) => desk.electron.app.once('quit', () => resolve()));
    this.ended = quit.then(() => desk.stop()); // what still ran would have ended with the process
  }

  get problems(): readonly string[] {
    return this.#host.problems;
  }

  page(): Promise<Page> {
    return eventually(() => this.#host.page);
  }

  async closeWindow(): Promise<void> {
    const closed = this.#host.page.waitForEvent('close');
    this.#desk.electron.window.close();
    await closed;
  }

  async startAgain(args: readonly string[] = []): Promise<void> {
    await using second = new Desk({ folder: this.#desk.folder, desktop: this.#desktop, argv: args });
    if (await second.run()) throw new Error('the second one runs beside the first');
  }

  power(event: PowerEvent): Promise<void> {
    this.#desk.electron.powerMonitor.emit(event);
    return Promise.resolve();
  }

  quit(): Promise<void> {
    this.#desk.electron.app.quit();
    return Promise.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#desk[Symbol.asyncDispose]();
  }
}
