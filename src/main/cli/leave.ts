import { setTimeout as sleep } from 'node:timers/promises';
import { PotluckError } from '../../engine/base/errors.ts';
import { switchOn } from '../../engine/base/settings-given.ts';
import type { ControlClient } from '../../engine/index.ts';
import type { Answer } from './ask.ts';
import { type ClientArguments, type CommandOption, takesNoMore } from './client-options.ts';
import type { Io } from './io.ts';

export const LEAVE_OPTIONS = {
  cold: { help: 'leave at once; running downloads are cut' },
} as const satisfies Record<string, CommandOption>;

/** Milliseconds between two looks at a node that is leaving. */
const INTERVAL = 500;

/** `potluck leave [--cold]`: asks the node to leave and waits until it is gone. */
export async function leave(
  client: ControlClient,
  { rest, options }: ClientArguments,
  io: Pick<Io, 'stderr' | 'terminal'>,
): Promise<Answer> {
  takesNoMore(rest);
  const started = performance.now();
  const { downloads } = await client.leave(switchOn(options, 'cold'));
  await gone(client, downloads, io);
  const seconds = Math.round(performance.now() - started) / 1000;
  return { json: { left: true, downloads, seconds }, text: `left after ${seconds.toFixed(1)} s\n` };
}

// However long the downloads take: the node bounds that by its own --drain-timeout, and the user by Ctrl-C.
async function gone(client: ControlClient, first: number, io: Pick<Io, 'stderr' | 'terminal'>): Promise<void> {
  let shown: number | undefined;
  for (let running: number | undefined = first; running !== undefined; running = await stillRunning(client)) {
    if (running !== shown && running > 0)
      progress(io, `leaving: ${running} download${running === 1 ? '' : 's'} to finish`);
    shown = running;
    await sleep(INTERVAL);
  }
  if (io.terminal) io.stderr('\r\u001b[K');
}

function progress(io: Pick<Io, 'stderr' | 'terminal'>, line: string): void {
  io.stderr(io.terminal ? `\r\u001b[K${line}` : `${line}\n`);
}

async function stillRunning(client: ControlClient): Promise<number | undefined> {
  try {
    return (await client.health()).downloads;
  } catch (error) {
    if (error instanceof PotluckError && error.code === 'POTLUCK_CONTROL_UNREACHABLE') return undefined;
    throw error;
  }
}
