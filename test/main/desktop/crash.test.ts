import { EventEmitter } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/engine/base/clock.ts';
import { CrashGuard } from '../../../src/main/desktop/crash.ts';
import { tempFolder } from '../../support/program.ts';
import { ManualLog } from './manual-log.ts';

const MINUTE = 60_000;

/** One run of the app; what happens in it, in order. */
function run(folder: string, clock: ManualClock, options: { leaving?: boolean; goodbye?: () => void } = {}) {
  const happened: string[] = [];
  const log = new ManualLog();
  const process = new EventEmitter();
  const guard = new CrashGuard(
    {
      app: {
        relaunch: (options) => happened.push(`relaunch ${options?.args?.join(' ')}`),
        exit: (code) => happened.push(`exit ${code}`),
      },
      process,
      log,
      clock,
      goodbye: () => {
        happened.push('goodbye');
        options.goodbye?.();
      },
      leaving: () => options.leaving === true,
    },
    { file: join(folder, 'crash.json'), relaunch: { args: ['--hidden'] } },
  );
  guard.start();
  return { guard, process, happened, log };
}

describe('an error that nobody caught', () => {
  it('starts the app again with the reason, and not a second time within ten minutes', () => {
    using folder = tempFolder();
    const clock = new ManualClock();
    const first = run(folder.path, clock);
    expect(first.guard.takeReason()).toBeNull();
    first.process.emit('uncaughtException', new TypeError('x is\nnot a function'));
    first.process.emit('unhandledRejection', new Error('what follows from it'));
    expect(first.happened).toEqual(['goodbye', 'relaunch --hidden', 'exit 1']);

    clock.advance(9 * MINUTE);
    const second = run(folder.path, clock);
    expect(second.guard.takeReason()).toEqual({
      code: 'POTLUCK_INTERNAL',
      message: 'TypeError: x is not a function',
    });
    expect(second.guard.takeReason()).toBeNull();
    second.process.emit('unhandledRejection', new Error('and again'));
    expect(second.happened).toEqual(['goodbye', 'exit 1']);

    clock.advance(11 * MINUTE);
    const third = run(folder.path, clock);
    expect(third.guard.takeReason()?.message).toBe('Error: and again');
    third.process.emit('uncaughtException', 'a string');
    expect(third.happened).toEqual(['goodbye', 'relaunch --hidden', 'exit 1']);
  });

  it('ends an app that is on its way out, and starts nothing', () => {
    using folder = tempFolder();
    const { guard, process, happened } = run(folder.path, new ManualClock(), { leaving: true });
    process.emit('uncaughtException', new Error('while closing'));
    expect(happened).toEqual(['goodbye', 'exit 1']);
    guard.close();
    expect(process.eventNames()).toEqual([]);
  });

  it('ends it also where no goodbye can be said and no reason kept', () => {
    using folder = tempFolder();
    mkdirSync(join(folder.path, 'crash.json'));
    const goodbye = () => {
      throw new Error('no');
    };
    const { process, happened, log } = run(folder.path, new ManualClock(), { goodbye });
    process.emit('uncaughtException', new Error('x'));
    expect(happened).toEqual(['goodbye', 'relaunch --hidden', 'exit 1']);
    expect(log.errors.map(({ message }) => message)).toEqual([
      'an error that nobody caught; the app ends',
      'the goodbye failed',
      'the reason cannot be kept',
    ]);
  });

  it('is not told of in a file that somebody has spoilt', () => {
    using folder = tempFolder();
    for (const text of ['', '[]', '{"at":"x"}', '{"at":1,"reason":7,"untold":true}', 'null']) {
      writeFileSync(join(folder.path, 'crash.json'), text);
      expect(run(folder.path, new ManualClock()).guard.takeReason()).toBeNull();
    }
  });
});
