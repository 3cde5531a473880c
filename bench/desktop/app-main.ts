/**
 * The real main process of the desktop app with a double in Electron's place, joined to the manager whose URL is the first argument. It does
 * what its parent says, a message each, and answers with figures.
 */
import { registerHooks } from 'node:module';
import { createHistogram } from 'node:perf_hooks';
import type { AppCommand, AppFigures, AppReady } from './app-messages.ts';
import { Delay, RESOLUTION } from './delay.ts';

const [manager = '', counting] = process.argv.slice(2);
/** What the person grants, bytes: the largest file of the measurement does not fit into this memory. */
const MEMORY = 256 * 1024 ** 2;
const DISK = 4 * 1024 ** 3;

const double = new URL('../../test/support/electron/module.ts', import.meta.url).href;
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'electron' ? { url: double, shortCircuit: true } : next(specifier, context),
});
const { Desk } = await import('../../test/main/desktop/harness.ts');
const timers = counting === undefined ? undefined : await import('./timer-count.ts');

const desk = await Desk.start();
const { url, fingerprint } = await desk.call('inspect', { address: manager });
await desk.call('change', { firstRunDone: true, memory: MEMORY, disk: DISK, uploadCap: null, downloadCap: null });
await desk.call('join', { url, fingerprint });
await desk.until(({ app }) => app === 'sharing');
/** Messages to the window's page, and their bytes as JSON. */
let messages = 0;
let messageBytes = 0;
const { webContents } = desk.electron.window;
const send = webContents.send.bind(webContents);
webContents.send = (channel, ...args) => {
  messages++;
  messageBytes += Buffer.byteLength(JSON.stringify(args));
  send(channel, ...args);
};

const delay = new Delay();
/** Processor time of the main thread between two looks, beyond what lies between them: what the delay would be on a machine of its own. Microseconds. */
const own = createHistogram();
let looking: NodeJS.Timeout | undefined;
let began = 0;
let used = process.resourceUsage();

function begin(): void {
  messages = 0;
  messageBytes = 0;
  timers?.countTimers();
  own.reset();
  // At rest nothing may run but what the app itself does.
  if (timers === undefined) {
    delay.begin();
    lookAtOwn();
  }
  used = process.resourceUsage();
  began = performance.now();
}

function lookAtOwn(): void {
  let before = process.threadCpuUsage();
  looking = setInterval(() => {
    const now = process.threadCpuUsage();
    const used = now.user + now.system - before.user - before.system;
    before = now;
    own.record(Math.max(1, Math.round(used - RESOLUTION * 1000)));
  }, RESOLUTION);
}

function end(): AppFigures {
  const seconds = (performance.now() - began) / 1000;
  clearInterval(looking);
  const now = process.resourceUsage();
  const cpu = now.userCPUTime + now.systemCPUTime - used.userCPUTime - used.systemCPUTime;
  return {
    seconds,
    delay: { ...(timers === undefined ? delay.end() : { p50: 0, p99: 0, max: 0 }), own: own.percentile(99) / 1000 },
    cpu: cpu / 1e6 / seconds,
    wakes: now.voluntaryContextSwitches - used.voluntaryContextSwitches,
    resident: process.memoryUsage.rss(),
    messages,
    messageBytes,
    timers: timers?.timersFired() ?? {},
    served: desk.state.peer?.totals.served ?? 0,
  };
}

process.on('message', (command: AppCommand) => {
  if (command === 'close the window') desk.electron.window.close();
  else if (command === 'begin') begin();
  process.send?.(command === 'end' ? end() : {});
});
process.send?.({ port: desk.state.peer?.port ?? 0 } satisfies AppReady);
