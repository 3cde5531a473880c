import { copyFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { startOrigin } from '../support/origin.ts';
import { curl, PROGRAM, runPotluck, startPotluck, tempFolder } from '../support/program.ts';

vi.setConfig({ testTimeout: 60_000 }); // real processes, on a machine that may be busy with others

const SIZE = 2_000_003;
const QUIET = ['--listen', '127.0.0.1:0', '--control', '127.0.0.1:0', '--no-mdns'];

it('the bundled file, alone in an empty folder, runs a manager and a peer and answers its client', async () => {
  using folder = tempFolder('potluck-bundle-');
  const program = join(folder.path, 'potluck.mjs');
  copyFileSync(PROGRAM, program);
  expect(readdirSync(folder.path)).toEqual(['potluck.mjs']);
  const alone = { program, cwd: folder.path };
  await using origin = await startOrigin({ files: { '/f': { size: SIZE } } });
  await using manager = await startPotluck(['--manager', '--mirror', origin.url, ...QUIET], alone);
  await using peer = await startPotluck(['--peer', '--upstream', manager.data, ...QUIET], alone);
  const sha256 = await origin.expectedSha256('/f');
  for (const { data } of [manager, peer])
    expect(await curl(['-L', `${data}/f`])).toMatchObject({ code: 0, status: 200, sha256 });
  const status = await runPotluck(['status', '--control', manager.control, '--json'], alone);
  expect(status.code, status.stderr).toBe(0);
  expect(JSON.parse(status.stdout)).toMatchObject({ face: 'manager', status: 'ok' });
});
