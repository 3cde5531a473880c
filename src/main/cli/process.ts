import type { Interruptions, Io } from './io.ts';

/** Set by bin/potluck when it has restarted itself on another Node: the channel to it tells when it is gone. */
const RESTARTED = 'POTLUCK_RESTARTED';

/**
 * One Ctrl-C can arrive several times: the terminal signals every process in the foreground, and whatever started this one (npm,
 * bin/potluck) passes its own on. What follows within this many milliseconds is the same one; a person's second takes longer.
 */
const ECHO = 250;

/** The surroundings of the real process. Adds its listeners to `process` once it is asked to. */
export function processIo(): Io {
  const adopted = process.env[RESTARTED] !== undefined;
  delete process.env[RESTARTED];
  return {
    env: process.env,
    cwd: process.cwd(),
    platform: process.platform,
    // Opened only where it is read: to open it keeps the process waiting.
    get stdin() {
      return process.stdin;
    },
    stdout: (text) => {
      process.stdout.write(text);
    },
    stderr: (text) => {
      process.stderr.write(text);
    },
    stdoutStream: process.stdout,
    terminal: process.stderr.isTTY === true,
    interruptions: processInterruptions(adopted),
  };
}

function processInterruptions(adopted: boolean): Interruptions {
  return {
    onStop: (listener) => {
      process.on(
        'SIGINT',
        withoutEcho(() => listener(false)),
      );
      process.on('SIGTERM', () => listener(false));
      if (adopted) process.on('disconnect', () => listener(true));
      process.channel?.unref();
    },
    onReload: (listener) => {
      process.on('SIGHUP', listener);
    },
    onFatal: (listener) => {
      process.on('uncaughtException', listener);
      process.on('unhandledRejection', listener);
    },
  };
}

/** What listens to SIGINT, called once for each time that a person presses Ctrl-C. */
export function withoutEcho(listener: () => void): () => void {
  let last = Number.NEGATIVE_INFINITY;
  return () => {
    const now = performance.now();
    if (now - last > ECHO) listener();
    last = now;
  };
}

/** Ends a client command whose starter is gone: nobody waits for its answer. */
export function endWithStarter(): void {
  if (process.env[RESTARTED] === undefined || process.channel == null) return;
  process.on('disconnect', () => {
    setTimeout(() => process.exit(1), 2000).unref(); // a node closes cold by itself, within a second
  });
  process.channel.unref();
}

/** Exits once everything written has left the process. A reader that has gone away (`| head`) is no error. */
export function exitWith(code: number): void {
  process.exitCode = code;
  let waiting = 2;
  const written = () => {
    if (--waiting === 0) process.exit(code);
  };
  setTimeout(() => process.exit(code), 5000).unref(); // a reader that neither reads nor goes away
  for (const stream of [process.stdout, process.stderr]) stream.write('', written);
}

/** A closed pipe ends the writing, not the program. */
export function tolerateClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
}
