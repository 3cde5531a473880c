import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PotluckError } from '../../../src/engine/base/errors.ts';
import { silentLog } from '../../../src/engine/base/log.ts';
import type { ControlRoutes } from '../../../src/engine/control/routes.ts';
import { ControlServer } from '../../../src/engine/control/server.ts';
import { RECORD, REPORT, RecordingRoutes, raw, request, STATS, startControl, type TestControl } from './helpers.ts';

const JSON_TYPE = 'Content-Type: application/json';

describe('the control port on loopback, without a token', () => {
  const routes = new RecordingRoutes();
  let control: TestControl;
  let host: string;
  beforeAll(async () => {
    control = await startControl(routes);
    host = `Host: 127.0.0.1:${control.port}`;
  });
  afterAll(() => control.server.close());

  const get = (path: string, ...headers: string[]) => request(control.port, `GET ${path}`, [host, ...headers]);
  const post = (path: string, body: unknown, ...headers: string[]) =>
    request(
      control.port,
      `POST ${path}`,
      [host, JSON_TYPE, ...headers],
      typeof body === 'string' ? body : JSON.stringify(body),
    );
  const code = (answer: { body: string }) => (JSON.parse(answer.body) as { error: { code: string } }).error.code;

  it('answers what the face knows', async () => {
    expect(JSON.parse((await get('/nodes')).body)).toEqual({ nodes: [RECORD] });
    expect(JSON.parse((await get('/api/v1/nodes')).body)).toEqual({ nodes: [REPORT] });
    expect(JSON.parse((await get('/api/v1/stats')).body)).toEqual(STATS);
    expect(JSON.parse((await get('/health')).body)).toMatchObject({ status: 'ok' });
    const limits = await get('/api/v1/limits');
    expect(limits.head).toMatch(/^HTTP\/1.1 200 [\s\S]*cache-control: no-store/i);
    expect(JSON.parse(limits.body)).toEqual({ upload_cap: null, download_cap: null, memory: 1024 });
  });

  it('answers HEAD without a body', async () => {
    const answer = await request(control.port, 'HEAD /health', [host]);
    expect([answer.status, answer.body]).toEqual([200, '']);
  });

  it('takes limits as numbers, as people write them, and null for none', async () => {
    const answer = await post('/api/v1/limits', { upload_cap: '100mbit', download_cap: 5000, memory: '64M' });
    expect([answer.status, JSON.parse(answer.body)]).toEqual([
      200,
      { upload_cap: 12_500_000, download_cap: 5000, memory: 67_108_864 },
    ]);
    await post('/api/v1/limits', { upload_cap: null });
    expect(routes.patches).toEqual([
      { upload_cap: 12_500_000, download_cap: 5000, memory: 67_108_864 },
      { upload_cap: null },
    ]);
  });

  it('takes exactly one thing to purge', async () => {
    expect(await post('/api/v1/purge', { url: '/a', soft: true })).toMatchObject({ status: 200, body: '{"purged":7}' });
    await post('/api/v1/purge', { group: 'iso' });
    expect(routes.purges).toEqual([{ url: '/a', soft: true }, { group: 'iso' }]);
  });

  it('leaves warm or cold', async () => {
    routes.downloads = 3;
    expect(await post('/api/v1/leave', {})).toMatchObject({ status: 202, body: '{"downloads":3}' });
    await post('/api/v1/leave', { cold: true });
    expect(routes.leaves).toEqual([false, true]);
  });

  it.each([
    ['/api/v1/limits', {}],
    ['/api/v1/limits', []],
    ['/api/v1/limits', 'null'],
    ['/api/v1/limits', { upload_cap: 0 }],
    ['/api/v1/limits', { upload_cap: -1 }],
    ['/api/v1/limits', { upload_cap: 'fast' }],
    ['/api/v1/limits', { upload_cap: true }],
    ['/api/v1/limits', { upload_cap: 1, more: 1 }],
    ['/api/v1/limits', { memory: null }],
    ['/api/v1/limits', { memory: '1K' }],
    ['/api/v1/limits', { memory: 1.5 }],
    ['/api/v1/limits', '{"__proto__":{"upload_cap":1}}'],
    ['/api/v1/purge', {}],
    ['/api/v1/purge', { url: '/a', prefix: '/b' }],
    ['/api/v1/purge', { url: 7 }],
    ['/api/v1/purge', { url: '' }],
    ['/api/v1/leave', { cold: 'true' }],
    ['/api/v1/leave', '{"cold":'],
    ['/api/v1/leave', ''],
  ])('refuses a body that does not fit: %s %j', async (path, body) => {
    const before = [routes.patches.length, routes.purges.length, routes.leaves.length];
    const answer = await post(path, body);
    expect([answer.status, code(answer)]).toEqual([400, 'POTLUCK_BAD_BODY']);
    expect([routes.patches.length, routes.purges.length, routes.leaves.length]).toEqual(before);
  });

  it('takes changes as JSON only, so that no form of another site can send one', async () => {
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data',
      'application/jsonp',
    ]) {
      const answer = await request(control.port, 'POST /api/v1/leave', [host, `Content-Type: ${type}`], '{}');
      expect([answer.status, code(answer)], type).toEqual([415, 'POTLUCK_BAD_MEDIA_TYPE']);
    }
    const without = await request(control.port, 'POST /api/v1/leave', [host]);
    expect(code(without)).toBe('POTLUCK_BAD_MEDIA_TYPE');
  });

  it('refuses a body beyond its bound', async () => {
    const answer = await post('/api/v1/purge', { url: 'x'.repeat(70_000) });
    expect([answer.status, code(answer)]).toEqual([413, 'POTLUCK_TOO_LARGE']);
  });

  it('says in JSON what is not there, and which methods are', async () => {
    const missing = await get('/nothing');
    expect([missing.status, code(missing)]).toEqual([404, 'POTLUCK_NOT_FOUND']);
    expect(code(await get('/metrics'))).toBe('POTLUCK_NOT_FOUND');
    const wrong = await request(control.port, 'DELETE /api/v1/limits?x=1', [host, JSON_TYPE], '{}');
    expect([wrong.status, code(wrong)]).toEqual([405, 'POTLUCK_METHOD_NOT_ALLOWED']);
    expect(wrong.head).toMatch(/^allow: GET, HEAD, POST\r?$/im);
  });

  it('answers to its own names', async () => {
    for (const name of ['127.0.0.1', 'localhost', 'LOCALHOST', '[::1]']) {
      const answer = await request(control.port, 'GET /health', [`Host: ${name}:${control.port}`]);
      expect(answer.status, name).toBe(200);
    }
  });

  it.each([
    'evil.example',
    'evil.example:PORT',
    'localhost',
    'localhost:1',
    '127.0.0.1.nip.io:PORT',
    '10.0.0.1:PORT',
    'localhost.:PORT',
  ])('refuses the foreign Host %s', async (name) => {
    const answer = await request(control.port, 'GET /health', [`Host: ${name.replace('PORT', String(control.port))}`]);
    expect([answer.status, code(answer)]).toEqual([403, 'POTLUCK_FOREIGN_HOST']);
  });

  it('wants exactly one valid Host', async () => {
    for (const hosts of [
      [],
      [host, host],
      [host, 'host: evil.example'],
      ['Host: '],
      ['Host: a/b'],
      ['Host: u@localhost'],
    ]) {
      const answer = await request(control.port, 'GET /health', hosts);
      expect([answer.status, code(answer)], hosts.join()).toEqual([400, 'POTLUCK_BAD_HOST']);
    }
  });

  it('refuses the foreign Origin, also for reading, and takes its own', async () => {
    const own = `http://127.0.0.1:${control.port}`;
    expect((await get('/health', `Origin: ${own}`)).status).toBe(200);
    for (const origin of [
      'http://evil.example',
      'null',
      'https://127.0.0.1',
      `http://localhost:${control.port}`,
      `${own}.evil.example`,
    ]) {
      const answer = await get('/api/v1/stats', `Origin: ${origin}`);
      expect([answer.status, code(answer)], origin).toEqual([403, 'POTLUCK_FOREIGN_ORIGIN']);
    }
    const twice = await get('/health', `Origin: ${own}`, 'Origin: http://evil.example');
    expect(code(twice)).toBe('POTLUCK_FOREIGN_ORIGIN');
  });

  it('answers what it cannot parse in JSON too', async () => {
    const garbage = await raw(control.port, 'NONSENSE\r\n\r\n');
    expect([garbage.status, code(garbage)]).toEqual([400, 'POTLUCK_BAD_REQUEST']);
    const fat = await get('/health', `X-Fat: ${'x'.repeat(20_000)}`);
    expect([fat.status, code(fat)]).toEqual([431, 'POTLUCK_HEADERS_TOO_LARGE']);
    const malformed = await get('/api/v1/%zz');
    expect([malformed.status, code(malformed)]).toEqual([400, 'POTLUCK_BAD_TARGET']);
  });
});

describe('a face', () => {
  it('that fails inside says so without details, and logs them', async () => {
    const logged: object[] = [];
    const log = { ...silentLog, error: (fields: object) => logged.push(fields) };
    const routes: ControlRoutes = new RecordingRoutes();
    routes.stats = () => {
      throw new Error('secret detail');
    };
    const server = new ControlServer({ routes, log }, { host: '127.0.0.1', port: 0 });
    await server.start();
    const { port } = server.address;
    const answer = await request(port, 'GET /api/v1/stats', [`Host: localhost:${port}`]);
    expect(answer.status).toBe(500);
    expect(answer.body).not.toContain('secret');
    expect(JSON.stringify(logged.map((fields) => String((fields as { err: Error }).err)))).toContain('secret detail');
    await server.close();
  });

  it('that refuses, or cannot purge, is passed on as it is', async () => {
    const routes: ControlRoutes = new RecordingRoutes();
    routes.setLimits = async () => {
      throw new PotluckError('POTLUCK_BAD_BODY', 'memory must be at least 4M');
    };
    const { purge: _, ...peer } = {
      ...routes,
      leave: async () => ({ downloads: 0 }),
      setLimits: routes.setLimits,
      purge: undefined,
    };
    const { server, port } = await startControl(peer);
    const headers = [`Host: localhost:${port}`, JSON_TYPE];
    expect((await request(port, 'POST /api/v1/limits', headers, '{"memory":1}')).body).toContain('at least 4M');
    expect((await request(port, 'POST /api/v1/purge', headers, '{"url":"/"}')).status).toBe(501);
    await server.close();
  });

  it('with metrics has them as Prometheus reads them', async () => {
    const routes: ControlRoutes = new RecordingRoutes();
    routes.metrics = () => 'potluck_requests_total 7\n';
    const { server, port } = await startControl(routes);
    const answer = await request(port, 'GET /metrics', [`Host: localhost:${port}`]);
    expect(answer.head).toMatch(/content-type: text\/plain; version=0.0.4/i);
    expect(answer.body).toBe('potluck_requests_total 7\n');
    await server.close();
  });
});

describe('the life of a control server', () => {
  it('a port in use is said as such, and leaves nothing open', async () => {
    const { server, port } = await startControl(new RecordingRoutes());
    const second = new ControlServer({ routes: new RecordingRoutes(), log: silentLog }, { host: '127.0.0.1', port });
    await expect(second.start()).rejects.toMatchObject({ code: 'POTLUCK_PORT_IN_USE' });
    await second.close();
    await server.close();
  });

  it('closes at once, with idle connections and an answer that never comes; closing twice is closing once', async () => {
    const routes: ControlRoutes = new RecordingRoutes();
    routes.setLimits = () => new Promise(() => undefined);
    const { server, port } = await startControl(routes);
    const idle = raw(port, `GET /health HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`);
    const stuck = request(port, 'POST /api/v1/limits', [`Host: localhost:${port}`, JSON_TYPE], '{"memory":"4M"}').catch(
      () => 'cut',
    );
    const halfway = raw(port, 'GET /health HTTP/1.1\r\nHo').catch(() => 'cut');
    await new Promise((done) => setTimeout(done, 100));
    const started = performance.now();
    await Promise.all([server.close(), server.close()]);
    expect(performance.now() - started).toBeLessThan(5000);
    expect((await idle).status).toBe(200);
    await Promise.all([stuck, halfway]);
    await expect(request(port, 'GET /health', [])).rejects.toThrow();
  });
});
