import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeProbe, pathOf } from '../../../../src/main/desktop/probe.ts';
import { eventually, type TempFolder, tempFolder } from '../../../support/program.ts';

let folder: TempFolder;

beforeEach(() => {
  folder = tempFolder('potluck-probe-');
});

afterEach(() => folder.remove());

/** A program of the system, as a script. */
function program(lines: string): string {
  const path = join(folder.path, 'tool');
  writeFileSync(path, `#!/bin/sh\n${lines}\n`);
  chmodSync(path, 0o700);
  return path;
}

function runs(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe.skipIf(process.platform === 'win32')('asking a program of the system', () => {
  const ask = makeProbe({ platform: 'linux', env: { ...process.env, LANG: 'de_DE.UTF-8', LANGUAGE: 'de' } });

  it('answers what it says, in English', async () => {
    expect(await ask(program('echo "$1 $LC_ALL $LANGUAGE"'), ['yes'])).toBe('yes C \n');
  });

  it('answers nothing where it fails, says too much, or is not there', async () => {
    expect(await ask(program('echo half; exit 3'), [])).toBeUndefined();
    expect(await ask(program('exec yes'), [])).toBeUndefined();
    expect(await ask(join(folder.path, 'none'), [])).toBeUndefined();
    writeFileSync(join(folder.path, 'plain'), 'no program');
    expect(await ask(join(folder.path, 'plain'), [])).toBeUndefined();
  });

  it('tells it that nothing more is to come', async () => {
    expect(await ask(program('cat; echo done'), [])).toBe('done\n');
  });

  it('ends one that hangs and hears nothing, after its time and with the app', async () => {
    const deaf = program(`trap '' TERM INT HUP\necho $$ > "$1.new"; mv "$1.new" "$1"\nwhile :; do sleep 1; done`);
    const impatient = makeProbe({ platform: 'linux', env: process.env, patience: 500 });
    expect(await impatient(deaf, [join(folder.path, 'first')])).toBeUndefined();
    const life = new AbortController();
    const file = join(folder.path, 'second');
    const asked = ask(deaf, [file], { signal: life.signal });
    const pid = await eventually(() => existsSync(file) && Number(readFileSync(file, 'utf8')));
    life.abort();
    expect(await asked).toBeUndefined();
    await eventually(() => !runs(pid));
    expect(await ask(deaf, [file], { signal: life.signal })).toBeUndefined();
  });
});

describe('programs of Windows', () => {
  it('are those of the system, not what lies in the folder that the app was started in', () => {
    const env = { SystemRoot: 'D:\\Windows' };
    expect(pathOf('powershell.exe', 'win32', env)).toBe(
      'D:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe',
    );
    expect(pathOf('ipconfig.exe', 'win32', {})).toBe('C:\\Windows\\System32\\ipconfig.exe');
    expect(pathOf('gdbus', 'linux', env)).toBe('gdbus');
  });
});
