import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { Check } from 'typebox/value';
import {
  APP_ORIGIN,
  CALLS,
  type CallName,
  type CallPayload,
  type CallResult,
  type DesktopState,
  type Diagnostics,
} from '../../../src/engine/protocol/desktop.ts';
import { servePage } from '../../../src/main/desktop/page-files.ts';
import { MANAGERS } from './states.ts';

/** Where the page is shown from: a browser without Electron knows no scheme of ours. */
const TEST_ORIGIN = 'http://potluck.test';

export const DIAGNOSTICS: Diagnostics = {
  interfaces: [
    { name: 'enp3s0', address: '192.168.1.31', managers: 2, trouble: null },
    { name: 'wlp2s0', address: '10.20.0.17', managers: 0, trouble: null },
    { name: 'docker0', address: '172.17.0.1', managers: 0, trouble: { what: 'hear', why: 'addMembership ENODEV' } },
  ],
  reachable: false,
  reason: 'no answer from 192.168.1.31:8001 within 3 s',
  clockDifference: 42,
  port: 8001,
  logFile: '/home/mei/.local/share/potluck/logs/potluck.log',
  firewallCommand: 'sudo ufw allow from 192.168.1.0/24 to any port 8001 proto tcp',
  firewallText:
    'Potluck (/opt/Potluck/potluck) lends bandwidth to coworkers: it answers HTTP requests of this network on TCP port 8001.\nPlease allow incoming connections to that port for this program, from the local network only.',
  logTail: [
    '12:00:01 info  listening on 8001',
    '12:00:01 info  found Office cache at 192.168.1.5:11000',
    '12:00:02 info  joined Office cache as 7f3c',
    '12:00:05 warn  the manager cannot reach 192.168.1.31:8001',
  ],
};

type Answer<Name extends CallName> =
  | CallResult<Name>
  | ((payload: CallPayload<Name>) => CallResult<Name> | Promise<CallResult<Name>>);
type Answers = { [Name in CallName]?: Answer<Name> };

/** One call that the window made. */
export interface Made {
  readonly name: CallName;
  readonly payload: unknown;
}

export interface WindowOptions extends BrowserContextOptions {
  readonly state: DesktopState;
  /** The app does not answer when the page asks for the state. */
  readonly silent?: boolean;
  /** What the clock of the page says; the real time where it is left out. */
  readonly now?: Date;
  /** What `navigator.language` says, were it no language. */
  readonly systemLanguage?: string;
}

/**
 * The window in a real browser: the built page, served with the policy of the real main process, and behind it a bridge that the test drives. A call
 * whose payload does not fit its schema fails the test at `close`, as does anything that the page logs as an error.
 */
export class WindowPage {
  readonly page: Page;
  readonly calls: Made[] = [];
  readonly problems: string[] = [];
  readonly answers: Answers = {};
  #state: DesktopState;
  #silent = false;
  readonly #answering: Promise<unknown>[] = [];
  #waiting: { readonly name: CallName; readonly resolve: (payload: unknown) => void }[] = [];

  private constructor(page: Page, state: DesktopState) {
    this.page = page;
    this.#state = state;
  }

  static async open(browser: Browser, folder: string, options: WindowOptions): Promise<WindowPage> {
    const { state, silent = false, now, systemLanguage, ...rest } = options;
    const context = await browser.newContext({
      viewport: { width: 420, height: 640 },
      locale: 'en-US',
      reducedMotion: 'reduce',
      ...rest,
    });
    const page = await context.newPage();
    const window = new WindowPage(page, state);
    window.#silent = silent;
    if (silent) await page.clock.install();
    if (now !== undefined) await page.clock.setFixedTime(now);
    page.on('pageerror', (error) => window.problems.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') window.problems.push(message.text());
    });
    await page.route('**/*', async (route) => {
      const url = route.request().url().replace(TEST_ORIGIN, APP_ORIGIN);
      const response = await servePage({ url, method: route.request().method() }, folder);
      await route.fulfill({
        status: response.status,
        headers: Object.fromEntries(response.headers),
        body: Buffer.from(await response.arrayBuffer()),
      });
    });
    await page.exposeFunction('potluckCall', (name: CallName, payload: unknown) => window.#take(name, payload));
    if (systemLanguage !== undefined) {
      const says = JSON.stringify(systemLanguage);
      await page.addInitScript(`Object.defineProperty(Navigator.prototype, 'language', { get: () => ${says} })`);
    }
    await page.addInitScript(BRIDGE);
    await page.goto(`${TEST_ORIGIN}/`);
    // A person who waits: a moment, and long.
    if (silent) await page.clock.runFor(1000);
    await page.locator('main').waitFor();
    if (silent) await page.clock.runFor(10_000);
    return window;
  }

  #take(name: CallName, payload: unknown): Promise<unknown> {
    const answering = Promise.resolve(this.#answer(name, payload));
    if (name !== 'ready') this.#answering.push(answering);
    return answering;
  }

  #answer(name: CallName, payload: unknown): unknown {
    if (!Object.hasOwn(CALLS, name) || !Check(CALLS[name], payload)) {
      this.problems.push(`the call ${name} does not fit its schema: ${JSON.stringify(payload)}`);
    }
    if (name === 'ready' && this.#silent) return new Promise(() => undefined);
    if (name === 'ready') return { ok: true, value: this.#state };
    this.calls.push({ name, payload });
    for (const waiter of this.#waiting.filter((one) => one.name === name)) waiter.resolve(payload);
    this.#waiting = this.#waiting.filter((one) => one.name !== name);
    const answer = this.answers[name] as Answer<CallName> | undefined;
    if (typeof answer === 'function') return answer(payload as never);
    if (answer !== undefined) return answer;
    return { ok: true, value: DEFAULTS[name] ?? null };
  }

  get state(): DesktopState {
    return this.#state;
  }

  /** What the main process would push. */
  async push(changes: Partial<DesktopState>): Promise<void> {
    this.#state = { ...this.#state, ...changes };
    if (this.page.isClosed()) return;
    await this.page.evaluate(`window.potluckPush(${JSON.stringify(this.#state)})`);
  }

  /** The next call of a name from now on. To be asked for before what makes it. */
  next<Name extends CallName>(name: Name): Promise<CallPayload<Name>> {
    return new Promise((resolve) => {
      this.#waiting.push({ name, resolve: (payload) => resolve(payload as CallPayload<Name>) });
    });
  }

  async close(): Promise<void> {
    // A call that is being answered has pushed its state by then.
    await Promise.allSettled(this.#answering);
    await this.page.context().close();
  }
}

const DEFAULTS: Readonly<Record<string, unknown>> = {
  diagnostics: DIAGNOSTICS,
  report: 'Potluck 0.1.0 on Linux\nreachable: no',
  inspect: MANAGERS[0],
  chooseFolder: '/mnt/data/potluck',
};

/** What the preload would put there. */
const BRIDGE = `
  const listeners = new Set();
  window.potluckPush = (state) => { for (const listener of listeners) listener(state); };
  window.potluck = {
    call: (name, payload) => window.potluckCall(name, payload),
    onState: (listener) => { listeners.add(listener); return () => listeners.delete(listener); },
  };
`;
