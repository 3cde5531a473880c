import { describe, expect, it } from 'vitest';
import {
  listInterfaces,
  type NetworkInterface,
  networkOf,
  usableInterfaces,
} from '../../../src/engine/discovery/interfaces.ts';

function network(name: string, address: string, netmask: string, internal = false): NetworkInterface {
  return { name, address, netmask, internal, identity: `${name} ${address}` };
}

const LO = network('lo', '127.0.0.1', '255.0.0.0', true);
const WIFI = network('wlan0', '192.168.1.20', '255.255.255.0');
const CABLE = network('eth0', '10.1.2.3', '255.0.0.0');
const LAB = network('eth1', '10.9.0.1', '255.255.0.0');
const list = () => [LO, WIFI, CABLE, LAB];

describe('interfaces', () => {
  it('leave loopback out unless it is asked for', () => {
    expect(usableInterfaces({ list })).toEqual([WIFI, CABLE, LAB]);
    expect(usableInterfaces({ list, interfaces: ['lo'] })).toEqual([LO]);
    expect(usableInterfaces({ list, interfaces: ['10.1.2.3', 'wlan0'] })).toEqual([WIFI, CABLE]);
  });

  it('tell which network an address lies in, the narrowest first', () => {
    expect(networkOf('192.168.1.255', list())).toBe(WIFI);
    expect(networkOf('192.168.2.1', list())).toBeUndefined();
    expect(networkOf('10.200.0.1', list())).toBe(CABLE);
    expect(networkOf('10.9.200.1', list())).toBe(LAB);
    expect(networkOf('127.9.9.9', list())).toBe(LO);
    expect(networkOf('fe80::1', list())).toBeUndefined();
    expect(networkOf('nonsense', list())).toBeUndefined();
  });

  it('of this machine have loopback among them', () => {
    expect(listInterfaces().find(({ internal }) => internal)).toMatchObject({
      address: '127.0.0.1',
      netmask: '255.0.0.0',
    });
  });
});
