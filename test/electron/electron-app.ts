import { realpathSync } from 'node:fs';
import { _electron, type ElectronApplication, type Page } from 'playwright-core';
import type {
  AppUnderTest,
  LaunchOptions,
  PowerEvent,
  TrayUnderTest,
} from '../e2e/desktop/scenarios/app-under-test.ts';
import { run } from '../support/process.ts';
import type { ElectronStart } from './places.ts';
import { trayOf } from './tray.ts';

/** What a person would wait for something to appear, on a machine that is slow, milliseconds. */
const PATIENCE = 20_000;

/**
 * The app in real Electron. Where this was written there was none to run it in: what stands here was tried on the stand-in
 * (`stand-in-main.ts`), which is to Playwright what Electron is.
 */
export class ElectronApp implements AppUnderTest {
  readonly pids: readonly number[];
  readonly tray: TrayUnderTest | undefined;
  readonly ended: Promise<void>;
  readonly problems: string[] = [];
  readonly #application: ElectronApplication;
  /** Starts it a second time. */
  readonly #again: (args: readonly string[]) => Promise<void>;

  private constructor(
    application: ElectronApplication,
    ended: Promise<void>,
    parts: { pid: number; tray: TrayUnderTest | undefined; again: (args: readonly string[]) => Promise<void> },
  ) {
    this.#application = application;
    this.ended = ended;
    this.pids = [process.pid, parts.pid];
    this.tray = parts.tray;
    this.#again = parts.again;
    const context = application.context();
    context.on('weberror', (error) => this.problems.push(String(error.error())));
    context.on('console', (message) => {
      if (message.type() === 'error') this.problems.push(message.text());
    });
  }

  /** Rejects, and ends the app, where its data would not be in the folder that is meant. */
  static async launch(start: ElectronStart, { userData, args = [] }: LaunchOptions): Promise<ElectronApp> {
    const own = [...start.args, `--user-data-dir=${userData}`];
    // English, whatever the machine speaks: the scenarios read what the window says.
    const env = { ...definedOf(process.env), LANG: 'en_GB.UTF-8', LANGUAGE: 'en_GB', LC_ALL: 'en_GB.UTF-8' };
    const application = await _electron.launch({
      executablePath: start.program,
      args: [...own, '--lang=en-GB', ...args],
      env,
      colorScheme: null, // the app's own theme is what is looked at
    });
    const ended = new Promise<void>((resolve) => application.once('close', () => resolve()));
    application.context().setDefaultTimeout(PATIENCE);
    const { pid, folder } = await application.evaluate(({ app }) => ({
      pid: process.pid,
      folder: app.getPath('userData'),
    }));
    if (realpathSync(folder) !== realpathSync(userData)) {
      await end(application, ended);
      throw new Error(`the app keeps its data in ${folder} and not in ${userData}: it is not tried on a person's own`);
    }
    if (application.windows().length === 0) await application.waitForEvent('window');
    const again = async (words: readonly string[]) => {
      const unconfined = process.platform === 'linux' ? ['--no-sandbox'] : []; // as Playwright starts the first
      await run(start.program, [...unconfined, ...own, ...words], { env });
    };
    return new ElectronApp(application, ended, { pid, tray: await trayOf(application), again });
  }

  async page(): Promise<Page> {
    const open = this.#application.windows().findLast((page) => !page.isClosed());
    return open ?? this.#application.waitForEvent('window');
  }

  async closeWindow(): Promise<void> {
    const page = await this.page();
    const closed = page.waitForEvent('close');
    await this.#application.evaluate(({ BrowserWindow }) => {
      for (const window of BrowserWindow.getAllWindows()) window.close();
    });
    await closed;
  }

  async startAgain(args: readonly string[] = []): Promise<void> {
    await this.#again(args);
  }

  /** Electron's own events, raised by hand: that the system's lead to them is Electron's promise. */
  async power(event: PowerEvent): Promise<void> {
    await this.#application.evaluate(({ BaseWindow, BrowserWindow, powerMonitor }, name) => {
      if (name !== 'shutdown' || process.platform !== 'win32') {
        powerMonitor.emit(name);
        return;
      }
      // Windows tells it to windows; ours is the one without a page.
      const shown = new Set<unknown>(BrowserWindow.getAllWindows());
      for (const window of BaseWindow.getAllWindows()) {
        if (shown.has(window)) continue;
        window.emit('query-session-end', { preventDefault: () => undefined });
        window.emit('session-end', {});
      }
    }, event);
  }

  async quit(): Promise<void> {
    // The answer may not come: the process ends.
    await this.#application.evaluate(({ app }) => app.quit()).catch(() => undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await end(this.#application, this.ended);
  }
}

/** Ends it at once; idempotent. */
async function end(application: ElectronApplication, ended: Promise<void>): Promise<void> {
  await application.evaluate(({ app }) => app.exit(0)).catch(() => undefined); // it may have ended already
  await ended;
}

function definedOf(env: NodeJS.ProcessEnv): Record<string, string> {
  const { ELECTRON_RUN_AS_NODE: _node, ...rest } = env;
  return Object.fromEntries(
    Object.entries(rest).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
