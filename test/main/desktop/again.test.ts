import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startImageAgain } from '../../../src/main/desktop/again.ts';
import { eventually, tempFolder } from '../../support/program.ts';

it('an AppImage is started again when the old one has ended, and not before', async () => {
  using folder = tempFolder();
  const [image, said, looked] = ['Potluck 1.0.AppImage', 'said', 'looked'].map((name) => join(folder.path, name)) as [
    string,
    string,
    string,
  ];
  const old = spawn(process.execPath, ['-e', 'process.stdin.resume()']);
  writeFileSync(
    image,
    `#!/bin/sh\nkill -0 ${old.pid} 2>/dev/null && touch '${looked}'\nprintf '%s\\n' "$@" >'${said}'\n`,
    {
      mode: 0o755,
    },
  );
  await once(old, 'spawn');
  startImageAgain(image, ['--hidden', 'a b'], {
    pid: old.pid ?? 0,
    failed: (error) => {
      throw error;
    },
  });
  old.stdin.end();
  await eventually(() => expect(existsSync(said) && readFileSync(said, 'utf8')).toBe('--hidden\na b\n'));
  expect(existsSync(looked)).toBe(false);
});
