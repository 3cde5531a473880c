import { readFileSync, writeFileSync } from 'node:fs';
import type { Clock } from '../../engine/base/clock.ts';
import type { Log } from '../../engine/base/log.ts';
import type { Problem } from '../../engine/protocol/desktop.ts';
import type { ElectronPieces } from './pieces.ts';

/** One that starts again and again is worse than one that stays away. Milliseconds. */
const AGAIN = 10 * 60_000;

interface CrashNote {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly reason: string;
  /** Nobody was told yet. */
  readonly untold: boolean;
}

export interface CrashCollaborators {
  readonly app: Pick<ElectronPieces['app'], 'relaunch' | 'exit'>;
  readonly process: Pick<NodeJS.EventEmitter, 'on' | 'off'>;
  readonly log: Log;
  readonly clock: Clock;
  /** Says goodbye to the manager; synchronous, and it may throw. */
  readonly goodbye: () => void;
  /** The app ends anyway, or the session does: nobody wants it again. */
  readonly leaving: () => boolean;
}

/** What happens after an error that nobody caught: it is logged, the manager is told, and the app starts once more with the reason shown. */
export class CrashGuard {
  readonly #with: CrashCollaborators;
  readonly #options: { readonly file: string; readonly relaunch: { execPath?: string; args: string[] } };
  readonly #crashed = (error: unknown) => this.crash(error);
  #over = false;

  constructor(
    collaborators: CrashCollaborators,
    options: { file: string; relaunch: { execPath?: string; args: string[] } },
  ) {
    this.#with = collaborators;
    this.#options = options;
  }

  start(): void {
    this.#with.process.on('uncaughtException', this.#crashed);
    this.#with.process.on('unhandledRejection', this.#crashed);
  }

  close(): void {
    this.#with.process.off('uncaughtException', this.#crashed);
    this.#with.process.off('unhandledRejection', this.#crashed);
  }

  /** Why the last run ended, where this one was started because of that; told once. */
  takeReason(): Problem | null {
    const note = readNote(this.#options.file);
    if (note?.untold !== true) return null;
    this.#write({ ...note, untold: false });
    return { code: 'POTLUCK_INTERNAL', message: note.reason };
  }

  crash(error: unknown): void {
    if (this.#over) return;
    this.#over = true;
    const { app, log, clock, goodbye, leaving } = this.#with;
    log.error({ err: error }, 'an error that nobody caught; the app ends');
    try {
      goodbye();
    } catch (err) {
      log.error({ err }, 'the goodbye failed');
    }
    const last = readNote(this.#options.file);
    const now = clock.now();
    // A clock that was set back must not count as long ago.
    const again = last === undefined || Math.abs(now - last.at) > AGAIN;
    // Where it stays away, the person is told when they start it.
    this.#write({ at: now, reason: oneLine(error), untold: true });
    if (again && !leaving()) app.relaunch(this.#options.relaunch);
    app.exit(1);
  }

  #write(note: CrashNote): void {
    try {
      writeFileSync(this.#options.file, JSON.stringify(note));
    } catch (err) {
      this.#with.log.error({ err }, 'the reason cannot be kept');
    }
  }
}

function readNote(file: string): CrashNote | undefined {
  try {
    const { at, reason, untold } = Object(JSON.parse(readFileSync(file, 'utf8'))) as Record<string, unknown>;
    if (typeof at !== 'number' || typeof reason !== 'string') return undefined;
    return { at, reason, untold: untold === true };
  } catch {
    return undefined;
  }
}

function oneLine(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text.replace(/\s+/g, ' ').slice(0, 500);
}
