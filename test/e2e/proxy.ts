import { expect } from 'vitest';
import { startOriginProcess } from '../support/origin-process.ts';
import { curl, sha256OfUrl } from '../support/program.ts';
import { TestCluster } from './cluster.ts';

const PATH = '/proxied.bin';

export interface ProxySizes {
  readonly size: number;
  /** MiB that each of the two peers has. */
  readonly memory: number;
  /** Readers at each peer, and clients of the manager. */
  readonly readers: number;
  readonly clients: number;
  readonly timeout: number;
}

/**
 * A cold file in proxy mode: the manager reads it through peers that do not have it, who get it from its own shield, while many readers
 * press for the little memory of each peer, which is one of two owners. Nobody may wait in a circle.
 */
export async function readThroughProxy(sizes: ProxySizes): Promise<number> {
  const { size, timeout } = sizes;
  await using origin = await startOriginProcess({ files: { [PATH]: { size } } });
  await using cluster = await TestCluster.start({
    mirror: origin.url,
    peers: 2,
    manager: ['--mode', 'proxy'],
    peer: ['--memory', `${sizes.memory}M`, '--disk', '0'],
  });
  const sha256 = await origin.expectedSha256(PATH);
  const proxied = Array.from({ length: sizes.clients }, () => curl(['-L', cluster.url + PATH], { timeout }));
  const read = cluster.peers.flatMap(({ data }) =>
    Array.from({ length: sizes.readers }, () => sha256OfUrl(data + PATH)),
  );
  for (const it of await Promise.all(proxied))
    expect(it).toMatchObject({ code: 0, status: 200, redirects: 0, bytes: size, sha256 });
  for (const it of await Promise.all(read)) expect(it).toMatchObject({ status: 200, bytes: size, sha256 });
  return (await origin.stats()).bodyBytes / size;
}
