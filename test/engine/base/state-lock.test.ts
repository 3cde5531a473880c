import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockState } from '../../../src/engine/base/state-lock.ts';
import { eventually, type TempFolder, tempFolder } from '../../support/help.ts';
import { OwnedProcess, stopAll } from '../../support/process.ts';

let folder: TempFolder;
beforeEach(() => {
  folder = tempFolder();
});
afterEach(async () => {
  await stopAll();
  folder.remove();
});

describe('a state folder', () => {
  it('is for one peer and one manager at a time, and free again once that is closed', async () => {
    const peer = await lockState(folder.path, 'peer');
    const manager = await lockState(folder.path, 'manager');
    await expect(lockState(`${folder.path}/.`, 'peer')).rejects.toMatchObject({ code: 'POTLUCK_STATE_IN_USE' });
    await peer.close();
    await (await lockState(folder.path, 'peer')).close();
    await manager.close();
  });

  it('is free again when its process is killed', async () => {
    const module = JSON.stringify(new URL('../../../src/engine/base/state-lock.ts', import.meta.url).href);
    const code = `import { lockState } from ${module};
      await lockState(process.argv[1], 'peer'); setInterval(() => {}, 60_000);`;
    const holder = new OwnedProcess(process.execPath, ['--input-type=module', '-e', code, folder.path]);
    await eventually(async () => {
      const lock = await lockState(folder.path, 'peer').catch(() => undefined);
      await lock?.close();
      return lock === undefined;
    });
    await holder.stop(0);
    await (await lockState(folder.path, 'peer')).close();
  });
});
