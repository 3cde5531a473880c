import type { NetworkInterfaceInfo } from 'node:os';
import { describe, expect, it } from 'vitest';
import { lanAddress, readyUrl } from '../../../src/engine/base/ready-url.ts';

function info(address: string, internal = false): NetworkInterfaceInfo {
  const rest = { address, internal, netmask: '', mac: '', cidr: null };
  return address.includes(':') ? { ...rest, family: 'IPv6', scopeid: 0 } : { ...rest, family: 'IPv4' };
}

const OFFICE = {
  lo: [info('127.0.0.1', true), info('::1', true)],
  docker0: [info('172.17.0.1')],
  eth0: [info('fe80::1'), info('2001:db8::5'), info('192.168.1.5')],
};

describe('the address in the ready line', () => {
  it('is one of the LAN where all interfaces are listened on', () => {
    for (const host of [undefined, '0.0.0.0', '::']) {
      expect(readyUrl({ host, port: 11_000 }, false, OFFICE)).toBe('http://192.168.1.5:11000');
    }
  });

  it('is the one that was bound, loopback too', () => {
    expect(readyUrl({ host: '127.0.0.1', port: 80 }, false, OFFICE)).toBe('http://127.0.0.1:80');
    expect(readyUrl({ host: '::1', port: 80 }, true, OFFICE)).toBe('https://[::1]:80');
    expect(readyUrl({ host: 'cdn.example', port: 80 }, true, OFFICE)).toBe('https://cdn.example:80');
  });

  it('is the best that there is', () => {
    expect(lanAddress({ lo: OFFICE.lo, eth0: [info('2001:db8::5')], docker0: OFFICE.docker0 })).toBe('2001:db8::5');
    expect(lanAddress({ lo: OFFICE.lo, docker0: OFFICE.docker0 })).toBe('172.17.0.1');
    expect(lanAddress({ lo: OFFICE.lo, eth0: [info('fe80::1'), info('169.254.7.7')] })).toBeUndefined();
    expect(readyUrl({ host: undefined, port: 1 }, false, { lo: OFFICE.lo })).toBe('http://127.0.0.1:1');
  });
});
