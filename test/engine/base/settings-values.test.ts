import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AddressSet, isBlock } from '../../../src/engine/base/address-set.ts';
import * as value from '../../../src/engine/base/settings-values.ts';

const MIB = 1024 ** 2;

describe('a size', () => {
  it.each([
    ['0', 0],
    ['4096', 4096],
    ['512M', 512 * MIB],
    ['512m', 512 * MIB],
    ['10G', 10 * 1024 * MIB],
    ['1.5G', 1536 * MIB],
    ['64KiB', 65_536],
    ['2T', 2 * 1024 ** 4],
    ['7 K', 7168],
    ['100B', 100],
  ])('%s is %d bytes', (text, bytes) => {
    expect(value.parseSize(text)).toBe(bytes);
  });

  it.each(['', '-1', '1.', '.5', '1e3', 'M', '12X', '1 2', '0x10', '9999999T', '1,5G', '٣'])('%j is none', (text) => {
    expect(() => value.parseSize(text)).toThrow(value.ValueError);
  });

  it('never comes out as anything but a whole number of bytes, whatever is written', () => {
    const texts = fc.oneof(fc.string(), fc.stringMatching(/^\d{0,16}(\.\d{0,7})?[KMGTkmgt]?(i?B)?$/));
    fc.assert(
      fc.property(texts, (text) => {
        let bytes: number;
        try {
          bytes = value.parseSize(text);
        } catch (error) {
          expect(error).toBeInstanceOf(value.ValueError);
          return;
        }
        expect(Number.isSafeInteger(bytes) && bytes >= 0).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

describe('a rate', () => {
  it.each([
    ['20M', 20 * MIB],
    ['20M/s', 20 * MIB],
    ['100mbit', 12_500_000],
    ['1gbit/s', 125_000_000],
    ['8kbit', 1000],
    ['1.5mbit', 187_500],
    ['800bit', 100],
    ['1', 1],
  ])('%s is %d bytes a second', (text, rate) => {
    expect(value.parseRate(text)).toBe(rate);
  });

  it.each(['0', '0mbit', '4bit', '-5M', 'fast', '100mbits', 'M', ''])('%j is none', (text) => {
    expect(() => value.parseRate(text)).toThrow(value.ValueError);
  });
});

describe('an address to listen on', () => {
  it.each([
    ['11000', { host: undefined, port: 11_000 }],
    ['0', { host: undefined, port: 0 }],
    ['127.0.0.1:80', { host: '127.0.0.1', port: 80 }],
    ['[::1]:80', { host: '::1', port: 80 }],
    ['[fe80::1%eth0]:1', { host: 'fe80::1%eth0', port: 1 }],
    ['cdn.example:8001', { host: 'cdn.example', port: 8001 }],
  ])('%s is understood', (text, endpoint) => {
    expect(value.parseEndpoint(text)).toEqual(endpoint);
  });

  it.each([
    '',
    ':80',
    '::1:80',
    '[::1]',
    '65536',
    '1.2.3:80',
    '[1.2.3.4]:80',
    'a b:80',
    'host:',
    'host:http',
    '-1',
    '8001.0',
  ])('%j is not', (text) => {
    expect(() => value.parseEndpoint(text)).toThrow(value.ValueError);
  });

  it('of the control port is on loopback unless a host is given, or off', () => {
    expect(value.parseControl('9000')).toEqual({ host: '127.0.0.1', port: 9000 });
    expect(value.parseControl('0.0.0.0:9000')).toEqual({ host: '0.0.0.0', port: 9000 });
    expect(value.parseControl('off')).toBe('off');
  });

  it('to advertise may leave the port to the listener', () => {
    expect(value.parseAdvertise('nat.example')).toEqual({ host: 'nat.example', port: undefined });
    expect(value.parseAdvertise('[fd00::5]:8001')).toEqual({ host: 'fd00::5', port: 8001 });
    expect(() => value.parseAdvertise('nat.example:0')).toThrow(value.ValueError);
  });
});

describe('a URL', () => {
  it('loses its trailing slashes, keeps its path', () => {
    expect(value.parseBaseUrl('http://Files.Example:80/pub//')).toBe('http://files.example/pub');
    expect(value.parseBaseUrl('https://files.example')).toBe('https://files.example');
    expect(value.parseServerUrl('http://[::1]:11000/')).toBe('http://[::1]:11000');
  });

  it.each([
    'files.example',
    'ftp://a/',
    'http://',
    'http:///a',
    'http://u:p@a/',
    'http://a/?q',
    'http://a/#f',
    'http://a b/',
    'http://a\\b',
    'javascript:alert(1)',
  ])('%j is refused', (text) => {
    expect(() => value.parseBaseUrl(text)).toThrow(value.ValueError);
  });

  it('of a manager has no path', () => {
    expect(() => value.parseServerUrl('http://manager:11000/pub')).toThrow(/no path/);
  });
});

describe('other values', () => {
  it('a group is NAME=URL or NAME', () => {
    expect(value.parseGroup('iso=http://a/b/')).toEqual({ name: 'iso', origin: 'http://a/b' });
    expect(value.parseGroup('builds')).toEqual({ name: 'builds', origin: undefined });
    for (const bad of ['', '=http://a', '../x', 'a/b', 'a=', 'a=b', '.hidden']) {
      expect(() => value.parseGroup(bad), bad).toThrow(value.ValueError);
    }
  });

  it('log levels come in any case, and as Python calls them', () => {
    expect(value.parseLogLevel('WARNING')).toBe('warn');
    expect(value.parseLogLevel('Debug')).toBe('debug');
    expect(value.parseLogLevel('CRITICAL')).toBe('fatal');
    expect(() => value.parseLogLevel('constructor')).toThrow(value.ValueError);
  });

  it('a password hash is one of scrypt, with a cost within reason', () => {
    const hash = `$scrypt$ln=15,r=8,p=1$${'a'.repeat(22)}$${'b'.repeat(43)}`;
    expect(value.parsePasswordHash(hash)).toBe(hash);
    for (const bad of ['secret', hash.replace('ln=15', 'ln=30'), hash.replace('ln=15', 'ln=1'), hash.slice(0, -1)]) {
      expect(() => value.parsePasswordHash(bad), bad).toThrow(value.ValueError);
    }
  });
});

describe('a set of addresses', () => {
  const set = new AddressSet(['10.0.0.0/8', '192.168.7.7', 'fd00::/8']);

  it('knows what lies in its blocks, IPv4-mapped and with a zone too', () => {
    for (const inside of ['10.9.8.7', '::ffff:10.9.8.7', '192.168.7.7', 'fd12::1', 'fd12::1%eth0']) {
      expect(set.contains(inside), inside).toBe(true);
    }
    for (const outside of ['11.0.0.1', '192.168.7.8', 'fe80::1', '::1', '', 'localhost', '10.0.0']) {
      expect(set.contains(outside), outside).toBe(false);
    }
    expect(new AddressSet([]).contains('127.0.0.1')).toBe(false);
  });

  it.each(['10.0.0.0/33', '10.0.0/8', 'fd00::/129', '10.0.0.0/8/8', '10.0.0.0/', 'any', '10.0.0.0/-1'])(
    'refuses %j',
    (text) => {
      expect(isBlock(text)).toBe(false);
    },
  );
});
