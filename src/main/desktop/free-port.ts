import { PotluckError } from '../../engine/base/errors.ts';
import type { Log } from '../../engine/base/log.ts';

/** Ports that are tried, from the usual one on. */
const PORTS_TRIED = 20;

export interface FreePortCollaborators {
  readonly log: Log;
  /** The first port was taken; this one is used. */
  readonly portChanged: (port: number) => void;
  /** Aborted: no further port is tried. */
  readonly signal: AbortSignal;
}

/** What `start` gives on the first port, from `first` on, that is free, as the control port above it must be. Rejects as `start` does. */
export async function onFreePort<T>(
  { first, start }: { first: number; start: (port: number) => Promise<T> },
  { log, portChanged, signal }: FreePortCollaborators,
): Promise<T> {
  for (let port = first; ; port++) {
    try {
      const started = await start(port);
      if (port !== first) portChanged(port);
      return started;
    } catch (error) {
      const taken = error instanceof PotluckError && error.code === 'POTLUCK_PORT_IN_USE';
      if (!taken || signal.aborted || port >= Math.min(first + PORTS_TRIED, 65_534)) throw error;
      log.info({ port }, 'the port is taken, the next one is tried');
    }
  }
}
