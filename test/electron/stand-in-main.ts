#!/usr/bin/env node
/**
 * A program that Playwright takes for Electron: the double of Electron with the built main process in it, its windows pages of a Chromium that
 * Playwright is attached to as well, and an inspector for the main process. With it the code of test:electron can be tried where there is no
 * Electron (`POTLUCK_ELECTRON=stand-in npm run test:electron`); of Electron itself it shows nothing.
 */
import { existsSync, rmSync } from 'node:fs';
import { open as openInspector } from 'node:inspector';
import { registerHooks } from 'node:module';
import { connect, createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { launchChromium } from '../support/chromium.ts';
import { ChromiumHost } from '../support/electron/chromium-host.ts';
import type { ElectronDouble } from '../support/electron/double.ts';
import { eventually, freePort } from '../support/program.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const MODULE = new URL('../support/electron/module.ts', import.meta.url).href;

const words = process.argv.slice(2);
const userData = words.find((word) => word.startsWith('--user-data-dir='))?.slice('--user-data-dir='.length) ?? '';
const lock = join(userData, 'stand-in.sock');

/** Hands the words to the one that runs already; false where none does. */
function handOver(): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(lock);
    socket.once('connect', () => socket.end(JSON.stringify(words)));
    socket.once('error', () => done(false));
    socket.once('close', (failed) => done(!failed));
  });
}

/** Listens for those that are started later. */
function listen({ app }: ElectronDouble): void {
  rmSync(lock, { force: true });
  const server = createServer({ allowHalfOpen: false }, (socket) => {
    let text = '';
    socket.on('data', (chunk) => {
      text += String(chunk);
    });
    socket.on('end', () => app.emit('second-instance', {}, JSON.parse(text), '/', null));
  });
  server.listen(lock).unref();
}

/** The default context of the browser is the one that Playwright shows as Electron's; closing a page is all that can be done to it. */
function pagesOf(browser: Browser): Browser {
  const [context] = browser.contexts();
  if (context === undefined) throw new Error('the browser has no default context');
  const newContext = () => ({
    setDefaultTimeout: () => undefined,
    newPage: () => context.newPage(),
    close: () => context.pages().at(-1)?.close(),
  });
  return { newContext } as unknown as Browser;
}

async function main(): Promise<void> {
  openInspector(0, '127.0.0.1');
  if (existsSync(lock) && (await handOver())) return process.exit(0);
  const port = await freePort();
  const launched = await launchChromium([`--remote-debugging-port=${port}`]);
  if (launched === undefined) return process.exit(1);
  const { webSocketDebuggerUrl: url } = (await eventually(async () =>
    (await fetch(`http://127.0.0.1:${port}/json/version`)).json(),
  )) as { webSocketDebuggerUrl: string };
  const browser = await chromium.connectOverCDP(url);
  process.env['POTLUCK_TEST_USER_DATA'] = userData;
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === 'electron' ? { url: MODULE, shortCircuit: true } : next(specifier, context),
  });
  const { double } = (await import(MODULE)) as { double: ElectronDouble };
  double.host = new ChromiumHost(pagesOf(browser));
  listen(double);
  double.app.once('quit', (_event: unknown, code: number) => {
    rmSync(lock, { force: true });
    void launched.close().finally(() => process.exit(code));
  });
  process.stderr.write(`\nDevTools listening on ${url}\n`);
  await import(join(ROOT, 'dist/app/main/index.mjs'));
}

await main();
