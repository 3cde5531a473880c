import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ManagerSettings, PeerSettings } from '../../../src/engine/base/settings.ts';
import { optionsHelp } from '../../../src/engine/base/settings-help.ts';
import { loadSettings } from '../../../src/engine/base/settings-load.ts';
import { LATER, OPTIONS, type Option } from '../../../src/engine/base/settings-options.ts';
import { defaultState } from '../../../src/engine/base/settings-read.ts';

const MANAGER = ['--headless', '--manager', '--mirror', 'http://origin.example/pub/'];
const PEER = ['--headless', '--peer'];

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'potluck-settings-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function load(argv: string[], env: Record<string, string> = {}) {
  return loadSettings(argv, { env: { XDG_DATA_HOME: folder, ...env }, cwd: folder, platform: 'linux' });
}

function manager(argv: string[] = [], env: Record<string, string> = {}): ManagerSettings {
  return load([...MANAGER, ...argv], env).settings as ManagerSettings;
}

function peer(argv: string[] = [], env: Record<string, string> = {}): PeerSettings {
  return load([...PEER, ...argv], env).settings as PeerSettings;
}

function config(text: string): string {
  const file = join(folder, 'site.yaml');
  writeFileSync(file, text);
  return file;
}

describe('the defaults', () => {
  it('of a manager are those of the contract', () => {
    expect(manager()).toMatchObject({
      face: 'manager',
      mirror: 'http://origin.example/pub',
      groups: [],
      listen: { host: undefined, port: 11_000 },
      control: { host: '127.0.0.1', port: 11_001 },
      mode: 'redirect',
      redirectMin: 0,
      memory: 512 * 1024 ** 2,
      cacheTime: 30,
      cacheEnabled: true,
      capacity: 100,
      log: 'stderr',
      logLevel: 'info',
      accessLog: 'off',
      drainTimeout: 0,
      mdns: true,
      state: join(folder, 'potluck'),
    });
  });

  it('of a peer are those of the contract', () => {
    expect(peer()).toMatchObject({
      face: 'peer',
      upstream: undefined,
      listen: { host: undefined, port: 8001 },
      control: { host: '127.0.0.1', port: 8002 },
      uploadCap: undefined,
      downloadCap: undefined,
      hours: undefined,
      advertise: undefined,
    });
  });

  it('of a store are those of the contract, and the disk is asked for its own', () => {
    expect(load(['--headless', '--store']).settings).toMatchObject({
      face: 'store',
      listen: { host: undefined, port: 1100 },
      control: { host: '127.0.0.1', port: 1101 },
      memory: 512 * 1024 ** 2,
      disk: undefined,
      admitAfter: 1,
      state: join(folder, 'potluck'),
    });
  });

  it('put the state where each system keeps such things', () => {
    const home = { HOME: '/home/ann' };
    expect(defaultState({ env: home, platform: 'linux' })).toBe('/home/ann/.local/share/potluck');
    expect(defaultState({ env: { ...home, XDG_DATA_HOME: 'relative' }, platform: 'linux' })).toBe(
      '/home/ann/.local/share/potluck',
    );
    expect(defaultState({ env: { ...home, XDG_DATA_HOME: '/data' }, platform: 'linux' })).toBe('/data/potluck');
    expect(defaultState({ env: home, platform: 'darwin' })).toBe('/home/ann/Library/Application Support/Potluck');
    expect(defaultState({ env: { LOCALAPPDATA: '/local' }, platform: 'win32' })).toBe('/local/Potluck');
  });
});

describe('flags', () => {
  it('are all understood, with a space and with an equals sign', () => {
    const settings = manager(['--group', 'iso=http://iso.example', '--group=builds', '--mode=proxy', '--listen', '[::1]:0',
      '--advertise-allow', '10.0.0.0/8', '--registry-from=127.0.0.1', '--memory', '64M', '--disk', '0', '--no-mdns',
      '--token=a', '--viewer-token', 'b', '--join-token', 'c', '--upload-cap', '20M', '--download-cap', '100mbit',
      '--cache-time', '0', '--disable-cache', '--location', 'second floor', '--capacity', '7', '--log-level', 'debug',
      '--access-log', 'access.log', '--log', '-', '--tls-cert', 'c.pem', '--tls-key', '/k.pem', '--drain-timeout', '2.5']); // biome-ignore format: a list
    expect(settings).toMatchObject({
      groups: [
        { name: 'iso', origin: 'http://iso.example' },
        { name: 'builds', origin: undefined },
      ],
      mode: 'proxy',
      listen: { host: '::1', port: 0 },
      control: { host: '127.0.0.1', port: 0 },
      memory: 64 * 1024 ** 2,
      mdns: false,
      token: 'a',
      viewerToken: 'b',
      joinToken: 'c',
      uploadCap: 20 * 1024 ** 2,
      downloadCap: 12_500_000,
      cacheTime: 0,
      cacheEnabled: false,
      location: 'second floor',
      capacity: 7,
      logLevel: 'debug',
      accessLog: { file: join(folder, 'access.log') },
      log: 'stderr',
      tls: { cert: join(folder, 'c.pem'), key: '/k.pem' },
      drainTimeout: 2.5,
    });
    expect(settings.advertiseAllow.contains('10.1.2.3')).toBe(true);
    expect(settings.registryFrom.contains('127.0.0.1')).toBe(true);
  });

  it('of a peer are understood', () => {
    const given = ['--upstream', 'http://m:11000/', '--hours', 'Mon-Fri 18:00-08:00', '--advertise', 'nat.example:9'];
    expect(peer(given)).toMatchObject({
      upstream: 'http://m:11000',
      hours: 'Mon-Fri 18:00-08:00',
      advertise: { host: 'nat.example', port: 9 },
    });
  });

  it('--host and --port are the halves of --control', () => {
    expect(peer(['--host', '0.0.0.0']).control).toEqual({ host: '0.0.0.0', port: 8002 });
    expect(peer(['--port', '9000']).control).toEqual({ host: '127.0.0.1', port: 9000 });
    expect(peer(['--control', 'off']).control).toBeUndefined();
    expect(peer(['--control', '9000'], { CDN_HOST: '0.0.0.0' }).control).toEqual({ host: '127.0.0.1', port: 9000 });
    expect(peer(['--port', '9000'], { POTLUCK_CONTROL: 'off' }).control).toEqual({ host: '127.0.0.1', port: 9000 });
  });
});

describe('the environment', () => {
  it('has every option under its own name', () => {
    expect(manager([], { POTLUCK_LISTEN: '5000', POTLUCK_UPLOAD_CAP: '1M', POTLUCK_NO_MDNS: '1' })).toMatchObject({
      listen: { port: 5000 },
      uploadCap: 1024 ** 2,
      mdns: false,
    });
    expect(manager([], { POTLUCK_GROUP: 'a=http://a b=http://b' }).groups.map((group) => group.name)).toEqual([
      'a',
      'b',
    ]);
  });

  it('is understood as other administrators write it', () => {
    const env = { CDN_HOST: '127.0.0.2', CDN_PORT: '7000', CDN_LOG_LEVEL: 'WARNING', CDN_CACHE_ENABLED: 'false' };
    const expected = { control: { host: '127.0.0.2', port: 7000 }, logLevel: 'warn', cacheEnabled: false };
    expect(manager([], env)).toMatchObject(expected);
    expect(manager([], { ...env, CDN_CACHE_ENABLED: 'True', POTLUCK_LOG_LEVEL: 'error' })).toMatchObject({
      cacheEnabled: true,
      logLevel: 'error',
    });
  });

  it('counts an empty variable as absent and warns of one that is no option', () => {
    const { settings, warnings } = load(MANAGER, { POTLUCK_LISTEN: '', POTLUCK_LISTNE: '1' });
    expect(settings.listen.port).toBe(11_000);
    expect(warnings).toEqual(['the environment variable POTLUCK_LISTNE is not an option']);
  });

  it('takes --cache-time for a peer, since one file may serve both faces, and says that it changes nothing there', () => {
    expect(load([...PEER, '--cache-time', '5']).warnings).toEqual([
      '--cache-time changes nothing on a peer: its manager decides what is fresh',
    ]);
    expect(load([...MANAGER, '--cache-time', '5']).warnings).toEqual([]);
  });
});

describe('the configuration file', () => {
  it('has the same names, lists for what may be repeated, and maps for groups', () => {
    const file = config(
      'listen: 5000\nmemory: 64M\nno-mdns: true\ngroup:\n  iso: http://iso.example\n  builds:\ntoken: "00042"\n',
    );
    expect(manager(['--config', file])).toMatchObject({
      listen: { port: 5000 },
      memory: 64 * 1024 ** 2,
      mdns: false,
      token: '00042',
      groups: [
        { name: 'iso', origin: 'http://iso.example' },
        { name: 'builds', origin: undefined },
      ],
    });
    expect(manager(['--config', config('group: [a, b=http://b]\ntoken: 00042\n')])).toMatchObject({
      groups: [{ name: 'a' }, { name: 'b' }],
      token: '00042',
    });
  });

  it('is found in the state folder, and may be absent there but not where it is named', () => {
    mkdirSync(join(folder, 'potluck'));
    writeFileSync(join(folder, 'potluck', 'potluck.yaml'), 'capacity: 5\n');
    expect(peer().capacity).toBe(5);
    expect(peer(['--state', join(folder, 'elsewhere')]).capacity).toBe(100);
    expect(() => peer(['--config', 'missing.yaml'])).toThrow(/missing\.yaml does not exist/);
  });

  it('is weaker than the environment, which is weaker than flags', () => {
    const file = config('capacity: 1\nlocation: file\nmemory: 10M\n');
    const env = { POTLUCK_CONFIG: file, POTLUCK_CAPACITY: '2', POTLUCK_LOCATION: 'environment' };
    expect(peer(['--capacity', '3'], env)).toMatchObject({
      capacity: 3,
      location: 'environment',
      memory: 10 * 1024 ** 2,
    });
  });

  it('starts relative paths at itself', () => {
    mkdirSync(join(folder, 'etc'));
    writeFileSync(join(folder, 'etc', 'p.yaml'), 'tls-cert: cert.pem\ntls-key: key.pem\n');
    expect(peer(['--config', 'etc/p.yaml']).tls).toEqual({
      cert: join(folder, 'etc/cert.pem'),
      key: join(folder, 'etc/key.pem'),
    });
  });

  it.each([
    ['a: 1\n', 'site.yaml:1: unknown option a'],
    ['listen: 80\nlisen: 81\n', 'site.yaml:2: unknown option lisen; did you mean listen?'],
    ['# first\nmemory: lots\n', 'bad value "lots" for site.yaml:2: memory: a size is'],
    ['memory: [1M]\n', 'site.yaml:1: memory: a single value is needed'],
    ['memory: {a: b}\n', 'site.yaml:1: memory: a single value is needed'],
    ['a: &x 1\nlisten: *x\n', 'site.yaml:1: unknown option a'],
    ['capacity: &x 1\nlisten: *x\n', 'site.yaml:2: listen: a single value is needed'],
    ['listen: 1\nlisten: 2\n', 'site.yaml:2: Map keys must be unique'],
    ['listen: "1\n', 'site.yaml:2: Missing closing "quote'],
    ['- listen\n', 'site.yaml:1: a list of "name: value" lines is needed'],
    ['just words\n', 'site.yaml:1: a list of "name: value" lines is needed'],
    ['manager: true\n', 'site.yaml:1: manager cannot stand in the file'],
    ['push-source: /srv\n', 'site.yaml:1: push-source (pushing files) is not part of this build yet'],
    ['__proto__: 1\n', 'site.yaml:1: unknown option __proto__'],
    ['? [a]\n: 1\n', 'site.yaml:1: unknown option ""'],
  ])('%j is refused with its line', (text, message) => {
    expect(() => peer(['--config', config(text)])).toThrow(message);
  });

  it('may be empty, and must be of a size that a person writes', () => {
    expect(peer(['--config', config('')]).capacity).toBe(100);
    expect(peer(['--config', config('# nothing\n')]).capacity).toBe(100);
    expect(peer(['--config', config('location:\n')]).location).toBeUndefined();
    expect(() => peer(['--config', config('#'.repeat(2_000_000))])).toThrow(/larger than/);
    expect(() => peer(['--config', folder])).toThrow(/EISDIR/);
  });
});

describe('the table of options', () => {
  it('appears whole in the help text, no line too long', () => {
    const text = optionsHelp();
    for (const name of Object.keys(OPTIONS)) expect(text).toContain(`--${name}`);
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  it('has every option of the contract for a face without a desktop, now or later', () => {
    const contract = `listen control mirror group upstream mode redirect-min join-token token viewer-token user password-hash
      registry-from advertise advertise-allow installers memory disk upload-cap download-cap hours cache-time disable-cache
      admit-after node-timeout health-interval location capacity push-source max-active task-rate push-memory accept-push state
      config log log-file log-level access-log host port tls-cert tls-key drain-timeout no-mdns reset-config store`;
    const known = [...Object.keys(OPTIONS), ...Object.keys(LATER)];
    expect(contract.split(/\s+/).filter((name) => !known.includes(name))).toEqual([]);
  });

  it('hides what is secret in messages', () => {
    const secrets = Object.entries<Option>(OPTIONS).filter(([, option]) => option.secret);
    expect(secrets.map(([name]) => name)).toEqual(['join-token', 'token', 'viewer-token', 'password-hash']);
    expect(() => peer(['--password-hash', 'hunter2', '--user', 'ann'])).toThrow(
      /^(?!.*hunter2).*bad value for --password-hash/,
    );
  });
});
