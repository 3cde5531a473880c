/**
 * The real main process of the desktop app with a double in Electron's place, joined to the manager whose URL is the first argument. It does
 * what its parent says, a message each, and answers with figures.
 */
import { registerHooks } from 'node:module';
import { createHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import type { AppCommand, AppFigures, AppReady } from './app-messages.ts';

const [manager = '', counting] = process.argv.slice(2);
/** Milliseconds between two looks at the loop; what a look comes late is the delay. */
const RESOLUTION = 10;
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
/** Messages to the window's page. */
let messages = 0;
const { webContents } = desk.electron.window;
const send = webContents.send.bind(webContents);
webContents.send = (channel, ...args) => {
  messages++;
  send(channel, ...args);
};

const delay = monitorEventLoopDelay({ resolution: RESOLUTION });
/** Processor time of the main thread between two looks, beyond what lies between them: what the delay would be on a machine of its own. Microseconds. */
const own = createHistogram();
let looking: NodeJS.Timeout | undefined;
let began = 0;
let cpu = process.cpuUsage();

function begin(): void {
  messages = 0;
  timers?.countTimers();
  delay.reset();
  delay.enable();
  own.reset();
  if (timers === undefined) lookAtOwn();
  cpu = process.cpuUsage();
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

/** A histogram of nanoseconds between looks, as milliseconds that a look came late. */
const late = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - RESOLUTION);

function end(): AppFigures {
  const seconds = (performance.now() - began) / 1000;
  delay.disable();
  clearInterval(looking);
  const { user, system } = process.cpuUsage(cpu);
  return {
    seconds,
    delay: {
      p50: late(delay.percentile(50)),
      p99: late(delay.percentile(99)),
      max: late(delay.max),
      own: own.percentile(99) / 1000,
    },
    cpu: (user + system) / 1e6 / seconds,
    messages: messages,
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
