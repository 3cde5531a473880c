import { closeSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import pino from 'pino';
import { PotluckError } from '../../engine/base/errors.ts';
import { makeFolder } from '../../engine/base/folder.ts';
import type { Log } from '../../engine/base/log.ts';
import type { LogTarget, NodeSettings } from '../../engine/base/settings.ts';

/** The error log and the access log, apart. */
export interface Logs {
  readonly log: Log;
  readonly access: { record(line: object): void };
  /** After log files have been moved away: begins new ones under the old names. */
  reopen(): void;
  /** Writes out what is still buffered. */
  close(): void;
}

/** For the owner and the group: who downloads what is nobody else's business. */
const FILE_MODE = 0o640;

type Destination = ReturnType<typeof pino.destination>;

/** Access lines are written in blocks of this many bytes, or after this many milliseconds. */
const ACCESS_BLOCK = 8 * 1024;
const ACCESS_DELAY = 500;
/** Bytes that may wait for a slow disk before lines are dropped: a log must not eat the memory of the cache. */
const ACCESS_BACKLOG = 8 * 1024 * 1024;

/** Opens both logs. Throws POTLUCK_FILE_UNWRITABLE. */
export function openLogs(settings: Pick<NodeSettings, 'log' | 'logLevel' | 'accessLog'>): Logs {
  const error = openErrorLog(settings.log);
  const log = pino(
    {
      level: settings.log === 'off' ? 'silent' : settings.logLevel,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    error,
  );
  const access = openAccessLog(settings.accessLog, log);
  // What writes to standard error cannot be reopened.
  const files = [isFile(settings.log) ? error : undefined, isFile(settings.accessLog) ? access : undefined];
  return {
    log,
    access: access === undefined ? { record: () => undefined } : recorder(access),
    reopen: () => reopen(files, log),
    close: () => {
      for (const destination of [error, access]) flush(destination);
    },
  };
}

// Few lines, and the last ones matter most: they are written at once.
function openErrorLog(target: LogTarget): Destination {
  if (typeof target === 'string') return quiet(pino.destination({ dest: 2, sync: true }));
  probe(target.file);
  return quiet(pino.destination({ dest: target.file, sync: true, mode: FILE_MODE }));
}

function openAccessLog(target: LogTarget, log: Log): Destination | undefined {
  if (target === 'off') return undefined;
  if (target !== 'stderr') probe(target.file);
  const destination = pino.destination({
    dest: target === 'stderr' ? 2 : target.file,
    mode: FILE_MODE,
    sync: false,
    minLength: ACCESS_BLOCK,
    periodicFlush: ACCESS_DELAY,
    maxLength: ACCESS_BACKLOG,
  });
  reportOnce(destination, log);
  return destination;
}

function recorder(destination: Destination): { record(line: object): void } {
  return {
    record: (line) => {
      destination.write(`${JSON.stringify(line)}\n`);
    },
  };
}

// A full disk must not fill the other log with its own news: once a minute is enough.
function reportOnce(destination: Destination, log: Log): void {
  let quietUntil = 0;
  const report = (fields: object) => {
    if (performance.now() < quietUntil) return;
    quietUntil = performance.now() + 60_000;
    log.warn(fields, 'the access log cannot be written; lines are lost');
  };
  destination.on('error', (err) => report({ err }));
  destination.on('drop', () => report({}));
}

// Where the error log itself cannot be written there is nobody left to tell; the program goes on.
function quiet(destination: Destination): Destination {
  destination.on('error', () => undefined);
  return destination;
}

function reopen(files: readonly (Destination | undefined)[], log: Log): void {
  for (const destination of files) {
    try {
      destination?.reopen();
    } catch (err) {
      log.error({ err }, 'a log file cannot be reopened; the old one is written on');
    }
  }
}

function isFile(target: LogTarget): boolean {
  return typeof target !== 'string';
}

function flush(destination: Destination | undefined): void {
  try {
    destination?.flushSync();
  } catch {
    // it never opened, or its disk is full: what is lost was said before
  }
}

function probe(file: string): void {
  try {
    makeFolder(dirname(file));
    closeSync(openSync(file, 'a', FILE_MODE));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new PotluckError('POTLUCK_FILE_UNWRITABLE', `${file} (${code ?? 'unknown reason'})`, { cause: error });
  }
}
