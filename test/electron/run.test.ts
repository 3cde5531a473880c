import { accessSync, constants, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run, tempFolder } from '../support/program.ts';
import { display, electronStart } from './places.ts';

const RUN = resolve(import.meta.dirname, 'run.ts');

/** A machine where Electron is asked for in a folder that is not there. */
const WITHOUT = { ELECTRON_OVERRIDE_DIST_PATH: '/nowhere', POTLUCK_ELECTRON: undefined };

describe('npm run test:electron', () => {
  it('says in one line that it is skipped where there is no Electron, and has not failed', async () => {
    const { code, stdout, stderr } = await run(process.execPath, [RUN], { env: WITHOUT });
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^test:electron is skipped: no Electron is installed here.*\n$/);
  });

  it('fails where the program that was named is not there', async () => {
    const { code, stdout } = await run(process.execPath, [RUN], { env: { POTLUCK_ELECTRON: '/nowhere/potluck' } });
    expect([code, stdout]).toEqual([
      1,
      'test:electron is skipped: POTLUCK_ELECTRON names /nowhere/potluck, which is not there\n',
    ]);
  });

  it.runIf(process.platform === 'linux')(
    'runs the packed app that is named, and Electron with the folder of the source else',
    () => {
      using folder = tempFolder();
      const program = join(folder.path, 'potluck');
      writeFileSync(program, '');
      expect(electronStart({ POTLUCK_ELECTRON: program })).toEqual({ program, args: [], packed: true });
      writeFileSync(join(folder.path, 'electron'), '');
      expect(electronStart({ ELECTRON_OVERRIDE_DIST_PATH: folder.path })).toEqual({
        program: join(folder.path, 'electron'),
        args: [resolve(import.meta.dirname, '../..')],
        packed: false,
      });
    },
  );

  it('has a stand-in, which shows that its own code works', () => {
    const start = electronStart({ POTLUCK_ELECTRON: 'stand-in' });
    expect(start).toMatchObject({ packed: false, headless: true });
    if (typeof start !== 'string') accessSync(start.program, constants.X_OK);
  });

  it.runIf(process.platform === 'linux')('wants a display, or makes one', () => {
    expect(display({ DISPLAY: ':0' })).toEqual([]);
    const none = display({});
    if (typeof none === 'string') expect(none).toContain('install xvfb');
    else expect(none[0]).toBe('xvfb-run');
  });
});
