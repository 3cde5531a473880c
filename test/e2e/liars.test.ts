import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Origin, startOrigin } from '../support/origin.ts';
import { curl, eventually, type Potluck, stopAll } from '../support/program.ts';
import { FlippingProxy, type Victims } from './flipping-proxy.ts';
import { logOf, nodes, redirectsTo, startManager, startPeer, stats } from './nodes.ts';

const MIB = 1024 * 1024;
const SIZE = 16 * MIB + 3;
/** An audit finds a liar within this time, milliseconds. */
const AUDITED_WITHIN = 30_000;
/** What is on its way already when the first piece turns out to be bad may still come, milliseconds. */
const ON_ITS_WAY = 500;

describe('a peer that flips one byte in each piece', () => {
  let origin: Origin;
  let manager: Potluck;
  let honest: Potluck;
  let proxy: FlippingProxy;
  let sha256: string;
  beforeEach(async () => {
    origin = await startOrigin({ files: { '/f': { size: SIZE } } });
    sha256 = await origin.expectedSha256('/f');
    manager = await startManager(origin.url, ['--advertise-allow', '127.0.0.0/8']);
  });
  afterEach(async () => {
    await stopAll();
    proxy.close();
    await origin.close();
  });

  /** Starts the honest peer and the liar; gives the liar's id. */
  async function start(victims: Victims): Promise<string> {
    proxy = await new FlippingProxy(victims).start();
    const [one, liar] = await Promise.all([
      startPeer(manager.data),
      startPeer(manager.data, ['--advertise', proxy.address]),
    ]);
    honest = one;
    proxy.target = liar.data;
    await eventually(async () => {
      const active = (await nodes(manager)).filter(({ status }) => status === 'active');
      return active.length === 2 && (await stats(honest)).nodes === 2;
    });
    return (await stats(liar)).id;
  }

  const isSetAside = async (id: string) =>
    (await nodes(manager)).some((node) => node.id === id && node.status === 'set-aside');

  /** The manager's log names it and says why; so does the list of nodes. */
  async function expectNamed(id: string, how: string): Promise<void> {
    expect(logOf(manager)).toContainEqual(
      expect.objectContaining({
        level: 'warn',
        peer: id,
        how: expect.stringContaining(how),
        msg: 'a peer sent wrong bytes and is set aside',
      }),
    );
    const { reason } = (await nodes(manager)).find((node) => node.id === id) ?? { reason: null };
    expect(reason).toContain('set aside');
  }

  it('for members is found out by the first: nobody stores or serves its bytes, and it is set aside at once', async () => {
    const liar = await start('members');
    const got = await curl([`${honest.data}/f`]);
    expect(got).toMatchObject({ code: 0, status: 200, bytes: SIZE, sha256 });
    expect(proxy.asked.length).toBeGreaterThan(0);
    await eventually(() => isSetAside(liar), 3000);
    const late = proxy.asked.filter((at) => at > (proxy.firstLie as number) + ON_ITS_WAY);
    expect(late.length).toBeLessThanOrEqual(1); // the manager's own examination
    await expectNamed(liar, 'the examination after an accusation');
    expect(await redirectsTo(`http://${proxy.address}`, [`${manager.data}/f`], 300)).toMatchObject({ count: 0 });
    for (const node of [honest, manager])
      expect(await curl([`${node.data}/f`, '-L'])).toMatchObject({ code: 0, sha256 });
  });

  it('for plain clients only is found out by an audit within 30 s', async () => {
    const liar = await start('clients');
    const began = performance.now();
    let lies = 0;
    while (!(await isSetAside(liar))) {
      expect(performance.now() - began).toBeLessThan(AUDITED_WITHIN);
      const got = await curl(['-L', `${manager.data}/f`]);
      if (got.sha256 !== sha256) lies++;
    }
    console.log(`set aside ${((performance.now() - began) / 1000).toFixed(1)} s after the first download`);
    expect(lies).toBeGreaterThan(0);
    await expectNamed(liar, 'an audit as a plain client');
    for (let i = 0; i < 5; i++) expect(await curl(['-L', `${manager.data}/f`])).toMatchObject({ code: 0, sha256 });
  }, 45_000);
});
