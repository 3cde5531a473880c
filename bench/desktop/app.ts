import { resolve } from 'node:path';
import type { AppFigures } from './app-messages.ts';
import type { Delays } from './delay.ts';
import { MeasuredProcess } from './measured.ts';

const MAIN = resolve(import.meta.dirname, 'app-main.ts');
const COUNTER = resolve(import.meta.dirname, 'timer-count.ts');
const IDLE = resolve(import.meta.dirname, 'idle-main.ts');

/** The desktop app in a process of its own. */
export type App = MeasuredProcess<'close the window', AppFigures>;

/** Starts the app, joined to a manager. `timers`: counts them, which slows it down. */
export async function startApp(manager: string, { timers }: { timers: boolean }): Promise<App> {
  const app: App = new MeasuredProcess(timers ? ['--import', COUNTER, MAIN, manager, 'timers'] : [MAIN, manager]);
  await app.ready;
  return app;
}

/** Starts a process that does nothing. */
export async function startIdle(): Promise<MeasuredProcess<never, Delays>> {
  const idle = new MeasuredProcess<never, Delays>([IDLE]);
  await idle.ready;
  return idle;
}
