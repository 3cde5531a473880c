import { afterEach, describe, expect, it } from 'vitest';
import { type Origin, startOrigin } from '../support/origin.ts';
import { curl, freePort, startPotluck, stopAll } from '../support/program.ts';
import { startManager, startPeer, whenFit } from './nodes.ts';

const MiB = 1024 * 1024;

describe('managers that mirror each other', () => {
  let origin: Origin | undefined;

  afterEach(async () => {
    await stopAll();
    await origin?.close();
  });

  it('a manager behind a manager gets bytes, not redirects, and the origin sends them once', async () => {
    origin = await startOrigin({ files: { '/file': { size: 6 * MiB } } });
    const near = await startManager(origin.url);
    const peer = await startPeer(near.data);
    await whenFit(near, [peer]);
    const far = await startManager(near.data);
    for (let i = 0; i < 2; i++) {
      const { sha256, redirects } = await curl(['-L', `${far.data}/file`]);
      expect(sha256).toBe(await origin.expectedSha256('/file'));
      expect(redirects).toBe(0);
    }
    expect(origin.stats.bodyBytes).toBe(6 * MiB);
  });

  it('two managers that mirror each other say 508 instead of asking each other for ever', async () => {
    const port = await freePort();
    const first = await startManager(`http://127.0.0.1:${port}`);
    const listen = ['--listen', `127.0.0.1:${port}`, '--control', 'off', '--no-mdns'];
    const second = await startPotluck(['--manager', '--mirror', first.data, ...listen]);
    const { status } = await curl([`${second.data}/anything`]);
    expect(status).toBe(508);
  });
});
