import { readFileSync } from 'node:fs';
import type { Browser, Page as BrowserPage } from 'playwright-core';
import type { Page, PageHost, PageRequest } from './page.ts';

/** A browser without Electron knows no scheme of ours: the page lives at an address that nobody has, and every request is answered here. */
const ORIGIN = 'http://potluck.test';

/** What a person would wait for something to appear, milliseconds; it says what was missing before the test itself is over. */
const PATIENCE = 10_000;

/** Shows windows as pages of a real Chromium, with their real preload script. */
export class ChromiumHost implements PageHost {
  /** What the pages complained of. */
  readonly problems: string[] = [];
  readonly #browser: Browser;
  readonly #opened: BrowserPage[] = [];

  constructor(browser: Browser) {
    this.#browser = browser;
  }

  /** How many were opened. */
  get pages(): number {
    return this.#opened.length;
  }

  /** The page of the window that was opened last. */
  get page(): BrowserPage {
    const page = this.#opened.findLast((one) => !one.isClosed());
    if (page === undefined) throw new Error('no page is open');
    return page;
  }

  async open(request: PageRequest): Promise<Page> {
    const context = await this.#browser.newContext({
      viewport: { width: request.width, height: request.height },
      colorScheme: request.dark ? 'dark' : 'light',
      reducedMotion: 'reduce',
      locale: 'en-US',
    });
    context.setDefaultTimeout(PATIENCE);
    const page = await context.newPage();
    this.#opened.push(page);
    page.on('pageerror', (error) => this.problems.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') this.problems.push(message.text());
    });
    const scheme = new URL(request.url);
    const own = `${scheme.protocol}//${scheme.host}`;
    await page.route('**/*', async (route) => {
      const asked = new Request(route.request().url().replace(ORIGIN, own), { method: route.request().method() });
      const response = await request.serve(asked).catch(() => undefined); // the app has gone before its window
      if (response === undefined) return route.abort();
      await route.fulfill({
        status: response.status,
        headers: Object.fromEntries(response.headers),
        body: Buffer.from(await response.arrayBuffer()),
      });
    });
    await page.exposeFunction('electronInvoke', (channel: string, args: unknown[]) => request.invoke(channel, args));
    await page.addInitScript(withElectron(readFileSync(request.preload, 'utf8')));
    await page.goto(request.url.replace(own, ORIGIN));
    return {
      send: (channel, args) => void tell(page, channel, args),
      resize: (width, height) => void page.setViewportSize({ width, height }).catch(() => undefined), // it may be closing
      dark: (on) => void page.emulateMedia({ colorScheme: on ? 'dark' : 'light' }).catch(() => undefined),
      close: () => context.close().catch(() => undefined), // the browser may have gone before it
    };
  }
}

async function tell(page: BrowserPage, channel: string, args: readonly unknown[]): Promise<void> {
  const call = `window.electronReceive?.(${JSON.stringify(channel)}, ${JSON.stringify(args)})`;
  await page.evaluate(call).catch(() => undefined); // a page that is closing hears nothing
}

/** The preload script as Electron runs it: CommonJS, with the two modules that a sandboxed one may ask for. */
function withElectron(preload: string): string {
  return `(() => {
    const listeners = new Map();
    const ipcRenderer = {
      invoke: (channel, ...args) => window.electronInvoke(channel, args),
      on: (channel, listener) => listeners.set(channel, [...(listeners.get(channel) ?? []), listener]),
      off: (channel, listener) => listeners.set(channel, (listeners.get(channel) ?? []).filter((one) => one !== listener)),
    };
    // What crosses the bridge is a copy, functions are stood in for, and of an error the message is left.
    const cross = (value) => {
      if (typeof value === 'function') return (...args) => cross(value(...args.map(cross)));
      if (value instanceof Promise) return value.then(cross, (error) => Promise.reject(new Error(error.message)));
      if (Array.isArray(value)) return value.map(cross);
      if (value === null || typeof value !== 'object') return structuredClone(value);
      const plain = Object.getPrototypeOf(value) === Object.prototype;
      return plain ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, cross(one)])) : structuredClone(value);
    };
    const contextBridge = {
      exposeInMainWorld: (name, api) => Object.defineProperty(window, name, { value: Object.freeze(cross(api)), enumerable: true }),
    };
    window.electronReceive = (channel, args) => (listeners.get(channel) ?? []).forEach((listener) => listener({}, ...args));
    const require = (name) => {
      if (name === 'electron') return { contextBridge, ipcRenderer };
      throw new Error('a sandboxed preload cannot ask for ' + name);
    };
    const module = { exports: {} };
    ((exports, module, require) => {
${preload}
    })(module.exports, module, require);
  })();`;
}
