import { renameSync } from 'node:fs';
import { PotluckError } from '../../engine/base/errors.ts';
import type { RunningNode } from '../../engine/base/running.ts';
import type { Settings } from '../../engine/base/settings.ts';
import { loadSettings } from '../../engine/base/settings-load.ts';
import type { Io, LoadEngine } from './io.ts';
import { type Logs, openLogs } from './logging.ts';
import { supervise } from './supervise.ts';
import { VERSION } from './version.ts';

/** Runs a headless manager or peer to its end; the exit code. Throws what kept it from starting. */
export async function runFace(argv: readonly string[], io: Io, loadEngine: LoadEngine): Promise<number> {
  const { settings, warnings } = loadSettings(argv, { ...io, resetConfig });
  const logs = openLogs(settings);
  try {
    for (const warning of warnings) logs.log.warn({}, warning);
    const engine = await loadEngine();
    return await supervise((signal) => startFace(engine, settings, logs, signal), {
      interruptions: io.interruptions,
      log: logs.log,
      reopenLogs: logs.reopen,
      onReady: (node) => {
        // Not before: what keeps it from starting is one line, and the only one.
        const { face } = settings;
        logs.log.info({ face, version: VERSION, node: process.version, pid: process.pid }, 'started');
        io.stdout(readyLine(settings, node));
      },
    });
  } finally {
    logs.close();
  }
}

function startFace(
  engine: Awaited<ReturnType<LoadEngine>>,
  settings: Settings,
  { log, access }: Logs,
  signal: AbortSignal,
): Promise<RunningNode> {
  const options = { log, access, signal };
  switch (settings.face) {
    case 'manager':
      return engine.startManager(settings, options);
    case 'peer':
      return engine.startPeer(settings, options);
    case 'store':
      return engine.startStore(settings, options);
  }
}

function readyLine({ face }: Settings, { ready }: RunningNode): string {
  return `potluck ${face} ready data=${ready.data} control=${ready.control ?? 'off'}\n`;
}

// Aside, not away: whoever asked for it may yet want to look something up in the old one.
function resetConfig(file: string): void {
  try {
    renameSync(file, `${file}.old`);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return;
    throw new PotluckError('POTLUCK_FILE_UNWRITABLE', `${file} (${code ?? 'unknown reason'})`, { cause: error });
  }
}
