import { networkInterfaces } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import { AddressSet } from '../../../src/engine/base/address-set.ts';
import { parsePasswordHash } from '../../../src/engine/base/settings-values.ts';
import { hashPassword, verifyPassword } from '../../../src/engine/control/password.ts';
import type { ControlOptions } from '../../../src/engine/control/server.ts';
import { RecordingRoutes, request, startControl, type TestControl } from './helpers.ts';

let control: TestControl | undefined;
afterEach(() => control?.server.close());

async function start(options: Partial<ControlOptions>): Promise<TestControl> {
  control = await startControl(new RecordingRoutes(), options);
  return control;
}

function ask(line: string, authorization?: string) {
  const port = control?.port ?? 0;
  const headers = [`Host: localhost:${port}`, 'Content-Type: application/json'];
  const body = line.startsWith('POST') ? '{"memory":4194304}' : '';
  return request(
    port,
    line,
    authorization === undefined ? headers : [...headers, `Authorization: ${authorization}`],
    body,
  );
}

async function rights(authorization?: string): Promise<number[]> {
  return [
    (await ask('GET /api/v1/stats', authorization)).status,
    (await ask('POST /api/v1/limits', authorization)).status,
  ];
}

const basic = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

describe('with tokens', () => {
  it('one changes, the other reads, nothing else does', async () => {
    await start({ token: 'change-me', viewerToken: 'look-only' });
    expect(await rights('Bearer change-me')).toEqual([200, 200]);
    expect(await rights('bearer  change-me')).toEqual([200, 200]);
    expect(await rights('Bearer look-only')).toEqual([200, 403]);
    for (const wrong of [
      undefined,
      'Bearer change-m',
      'Bearer change-mee',
      'Bearer ',
      'Bearer undefined',
      'change-me',
      basic('change-me', ''),
      'Bearer a b',
    ]) {
      expect(await rights(wrong), wrong).toEqual([401, 401]);
    }
  });

  it('asks for them on every path, also where nothing is', async () => {
    await start({ token: 'change-me' });
    for (const path of ['/health', '/nodes', '/nothing', '/api/v1/openapi.json']) {
      const answer = await ask(`GET ${path}`);
      expect([answer.status, JSON.parse(answer.body).error.code], path).toEqual([401, 'POTLUCK_UNAUTHORIZED']);
      expect(answer.head, path).toMatch(/www-authenticate: Bearer realm="potluck"/i);
    }
  });

  it('opens the registry to the addresses that were named, for reading only', async () => {
    await start({ token: 'change-me', registryFrom: new AddressSet(['127.0.0.0/8']) });
    expect((await ask('GET /nodes')).status).toBe(200);
    expect((await ask('GET /nodes?x')).status).toBe(200);
    expect((await ask('GET /api/v1/nodes')).status).toBe(401);
    await control?.server.close();
    await start({ token: 'change-me', registryFrom: new AddressSet(['10.0.0.0/8']) });
    expect((await ask('GET /nodes')).status).toBe(401);
  });
});

describe('with a user and a password', () => {
  it('takes Basic authentication beside the token', async () => {
    const passwordHash = await hashPassword('pass:wörd');
    await start({ user: 'ann', passwordHash, token: 'change-me' });
    expect(await rights(basic('ann', 'pass:wörd'))).toEqual([200, 200]);
    expect(await rights('Bearer change-me')).toEqual([200, 200]);
    for (const wrong of [basic('ann', 'pass'), basic('bob', 'pass:wörd'), basic('', ''), 'Basic !!!', 'Basic YW5u']) {
      expect((await ask('GET /api/v1/stats', wrong)).status, wrong).toBe(401);
    }
    expect((await ask('GET /api/v1/stats')).head).toMatch(/www-authenticate: Basic realm="potluck"/i);
  });

  it('pays for a few examinations at once and sends the rest away', async () => {
    await start({ user: 'ann', passwordHash: await hashPassword('right') });
    const answers = await Promise.all(
      Array.from({ length: 24 }, (_, n) => ask('GET /health', basic('ann', `wrong${n}`))),
    );
    const statuses = answers.map((answer) => answer.status);
    expect(new Set(statuses)).toEqual(new Set([401, 429]));
    expect((await ask('GET /health', basic('ann', 'right'))).status).toBe(200);
  });

  it('keeps hashes that differ each time, fit the option, and are checked as what they are', async () => {
    const [one, other] = await Promise.all([hashPassword('same'), hashPassword('same')]);
    expect(one).not.toBe(other);
    expect(parsePasswordHash(one)).toBe(one);
    expect(await verifyPassword('same', one)).toBe(true);
    expect(await verifyPassword('Same', one)).toBe(false);
    expect(await verifyPassword('same', 'same')).toBe(false);
    expect(await verifyPassword('same', '$scrypt$ln=10,r=8,p=1$aaaaaaaaaaa$aaaa')).toBe(false);
    // The same letter, composed and decomposed: keyboards and systems differ.
    expect(await verifyPassword('e\u0301', await hashPassword('\u00e9'))).toBe(true);
  });
});

describe('beyond loopback', () => {
  it('makes a token where none is given, and says it once', async () => {
    const announced: string[] = [];
    const { server } = await start({ host: '0.0.0.0', announceToken: (token) => announced.push(token) });
    expect(announced).toEqual([server.token]);
    expect(server.token).toMatch(/^[\w-]{32}$/);
    expect(await rights()).toEqual([401, 401]);
    expect(await rights(`Bearer ${server.token}`)).toEqual([200, 200]);
  });

  it('says nothing where one is given', async () => {
    const announced: string[] = [];
    const { server } = await start({ host: undefined, token: 'mine', announceToken: (token) => announced.push(token) });
    expect([server.token, announced]).toEqual(['mine', []]);
  });

  it('answers to the address that the connection arrived at', async () => {
    const { port } = await start({ host: '0.0.0.0', token: 'mine' });
    const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
    const local = addresses.filter(({ family }) => family === 'IPv4').map(({ address }) => address);
    expect(local.length).toBeGreaterThan(0);
    for (const address of local) {
      const answer = await fetch(`http://${address}:${port}/health`, { headers: { authorization: 'Bearer mine' } });
      expect(answer.status, address).toBe(200);
    }
  });
});
