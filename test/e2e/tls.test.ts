import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Origin, startOrigin } from '../support/origin.ts';
import {
  curl,
  eventually,
  have,
  type Potluck,
  run,
  runPotluck,
  startPotluck,
  stopAll,
  type TempFolder,
  tempFolder,
} from '../support/program.ts';

const LOOPBACK = ['--listen', '127.0.0.1:0', '--control', '127.0.0.1:0', '--no-mdns'];

/** Subject of the certificate that a port shows. */
function subjectAt(url: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false }, () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.destroy();
    });
    socket.once('error', reject);
  });
}

describe.runIf(have('openssl'))('with --tls-cert and --tls-key', () => {
  let origin: Origin;
  let folder: TempFolder;
  let pair: string[];
  const file = (name: string) => join(folder.path, name);

  async function certificate(name: string): Promise<void> {
    const words = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=${name} -addext subjectAltName=IP:127.0.0.1`;
    const { code } = await run('openssl', [
      ...words.split(' '),
      '-keyout',
      file(`${name}.key`),
      '-out',
      file(`${name}.crt`),
    ]);
    expect(code).toBe(0);
  }

  /** What the running nodes were told to use. */
  function install(name: string): void {
    copyFileSync(file(`${name}.crt`), file('tls.crt'));
    copyFileSync(file(`${name}.key`), file('tls.key'));
  }

  beforeAll(async () => {
    origin = await startOrigin({ files: { '/f': { size: 2_500_000 } } });
    folder = tempFolder();
    await Promise.all(['one', 'two'].map(certificate));
    pair = ['--tls-cert', file('tls.crt'), '--tls-key', file('tls.key')];
  });
  afterEach(stopAll);
  afterAll(async () => {
    await origin.close();
    folder.remove();
  });

  const startManager = (...tls: string[]) => startPotluck(['--manager', '--mirror', origin.url, ...LOOPBACK, ...tls]);
  const startPeer = (manager: Potluck, ...tls: string[]) =>
    startPotluck(['--peer', '--upstream', manager.data, ...LOOPBACK, ...tls]);

  /** Asks its control port, trusting the certificate as an administrator would make Node do it. */
  const activeNodes = async (manager: Potluck): Promise<{ status: string; url: string }[]> => {
    const env = { NODE_EXTRA_CA_CERTS: file('one.crt') };
    const { stdout } = await runPotluck(['nodes', '--json', '--control', manager.control], { env });
    const { nodes } = JSON.parse(stdout) as { nodes: { status: string; url: string }[] };
    return nodes.filter(({ status }) => status === 'active');
  };

  it('both ports speak HTTPS, downloads go through redirects, and SIGHUP brings the next certificate', async () => {
    install('one');
    const manager = await startManager(...pair);
    const peer = await startPeer(manager, ...pair);
    for (const url of [manager.data, manager.control, peer.data, peer.control]) {
      expect(url).toMatch(/^https:/);
      expect(await subjectAt(url)).toBe('one');
    }
    await eventually(async () => (await activeNodes(manager)).length === 1);
    const answer = await curl(['-k', '-L', `${manager.data}/f`]);
    expect(answer).toMatchObject({ code: 0, status: 200, redirects: 1, sha256: await origin.expectedSha256('/f') });
    expect(answer.url).toContain(`${peer.data}/f?`);
    const out = file('got');
    const got = await runPotluck(['get', `${manager.data}/f`, '-o', out, '--json'], {
      env: { NODE_EXTRA_CA_CERTS: file('one.crt') },
    });
    expect([got.code, JSON.parse(got.stdout)]).toEqual([
      0,
      expect.objectContaining({ sha256: await origin.expectedSha256('/f') }),
    ]);

    install('two');
    for (const node of [manager, peer]) node.kill('SIGHUP');
    for (const url of [manager.data, manager.control, peer.data, peer.control]) {
      await eventually(async () => (await subjectAt(url)) === 'two');
    }
    copyFileSync(file('one.crt'), file('tls.crt')); // does not fit the key of the other one
    manager.kill('SIGHUP');
    await eventually(() => manager.stderr().includes('the certificates cannot be read again; the old ones stay'));
    expect(await subjectAt(manager.data)).toBe('two');
    expect(await curl(['-k', '-L', `${manager.data}/f`])).toMatchObject({ status: 200, redirects: 1 });
  });

  it('a manager answers itself where its peers have none', async () => {
    install('one');
    const manager = await startManager(...pair);
    const plain = await startPeer(manager);
    await eventually(async () => (await activeNodes(manager)).length === 1);
    const alone = await curl(['-k', '-L', `${manager.data}/f`]);
    expect(alone).toMatchObject({ code: 0, status: 200, redirects: 0, sha256: await origin.expectedSha256('/f') });
    const secure = await startPeer(manager, ...pair);
    await eventually(async () => (await activeNodes(manager)).length === 2);
    for (let i = 0; i < 5; i++)
      expect((await curl(['-k', '-L', `${manager.data}/f`])).url).toContain(`${secure.data}/`);
    expect(plain.data).toMatch(/^http:/);
  });
});
