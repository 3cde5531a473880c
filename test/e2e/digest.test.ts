import { describe, expect, it, vi } from 'vitest';
import { startOriginProcess } from '../support/origin-process.ts';
import { aria2c, curl, freePort, have, sha256OfUrl, tempFolder } from '../support/program.ts';
import { TestCluster } from './cluster.ts';
import { Liar } from './liar.ts';

vi.setConfig({ testTimeout: 60_000 }); // real processes, on a machine that may be busy with others

const PATH = '/package.deb';
const SIZE = 6 * 1024 * 1024 + 7;
/** What aria2 exits with when a checksum does not match (its manual, EXIT STATUS). */
const CHECKSUM_ERROR = 32;

describe.runIf(have('aria2c'))('a peer that changes a byte on its way to aria2', () => {
  it('is found out by the Digest of the redirect, and an honest one is not', async () => {
    await using origin = await startOriginProcess({ files: { [PATH]: { size: SIZE } } });
    await using cluster = await TestCluster.start({
      mirror: origin.url,
      manager: ['--advertise-allow', '127.0.0.0/8'],
    });
    const url = cluster.url + PATH;
    const port = await freePort();
    await using liar = await Liar.start(
      `http://127.0.0.1:${port}`,
      ({ headers }) => headers['user-agent'] === 'gullible',
    );
    await cluster.addPeer(['--advertise', liar.address], port);
    await cluster.joined();
    const sha256 = await origin.expectedSha256(PATH);
    expect(await sha256OfUrl(url)).toMatchObject({ status: 200, sha256 }); // from now on the manager knows the digest
    const { heads } = await curl(['-r', '0-0', url]);
    expect(heads[0]?.status).toBe(302);
    expect(heads[0]?.headers).toMatchObject({
      location: expect.stringContaining(liar.address),
      digest: `SHA-256=${Buffer.from(sha256, 'hex').toString('base64')}`,
    });
    using folder = tempFolder('potluck-digest-');
    const honest = await aria2c(url, folder.path, 'honest');
    expect(honest, honest.stdout).toMatchObject({ code: 0, fileSha256: sha256 });
    const deceived = await aria2c(url, folder.path, 'deceived', ['--user-agent=gullible']);
    expect(liar.lies).toBeGreaterThan(0);
    expect(deceived.code, deceived.stdout).toBe(CHECKSUM_ERROR);
    expect(deceived.stdout).toMatch(/checksum/i);
  });
});
