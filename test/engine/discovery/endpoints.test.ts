import { describe, expect, it } from 'vitest';
import { type Endpoint, Endpoints } from '../../../src/engine/discovery/endpoints.ts';
import type { NetworkInterface } from '../../../src/engine/discovery/interfaces.ts';
import { found } from './managers.ts';

const CABLE: NetworkInterface = {
  name: 'eth0',
  address: '10.1.0.1',
  netmask: '255.255.0.0',
  internal: false,
  identity: 'a',
};
const WIFI: NetworkInterface = {
  name: 'wlan0',
  address: '10.2.0.1',
  netmask: '255.255.0.0',
  internal: false,
  identity: 'b',
};
const NETWORKS = [CABLE, WIFI];

function sighting(instance: string, ...addresses: string[]) {
  return { instance, sender: addresses[0] ?? '', port: 11_000, tls: false, addresses };
}

function healthOf(name: string) {
  const { url, addresses, ...health } = found(name);
  return { manager: health };
}

function only(endpoints: Endpoints, now: number): Endpoint {
  const due = endpoints.due(now);
  expect(due).toHaveLength(1);
  return due[0]!;
}

describe('the addresses of managers', () => {
  it('are shown once they have answered, and not before', () => {
    const endpoints = new Endpoints();
    endpoints.heard(sighting('a', '10.1.0.2'), NETWORKS, 0);
    expect(endpoints.managers()).toEqual([]);
    const health = healthOf('A');
    endpoints.probed(only(endpoints, 0), health, 10);
    expect(endpoints.managers()).toMatchObject([{ name: 'A', url: 'http://10.1.0.2:11000' }]);
    expect(endpoints.due(5000)).toEqual([]);
    expect(endpoints.due(5010)).toHaveLength(1);
  });

  it('that lie on none of our networks are not knocked at', () => {
    const endpoints = new Endpoints();
    endpoints.heard(sighting('a', '8.8.8.8', '10.3.0.1', '127.0.0.1'), NETWORKS, 0);
    expect(endpoints.size).toBe(0);
  });

  it('of one manager are one entry; managers of one name are apart', () => {
    const endpoints = new Endpoints();
    endpoints.heard(sighting('a', '10.1.0.2', '10.2.0.2'), NETWORKS, 0);
    endpoints.heard({ ...sighting('b', '10.2.0.3'), tls: true }, NETWORKS, 0);
    const [first, second] = [healthOf('Same'), healthOf('Same')];
    for (const endpoint of endpoints.due(0)) endpoints.probed(endpoint, endpoint.instance === 'a' ? first : second, 0);
    const managers = endpoints.managers();
    expect(managers).toHaveLength(2);
    const both = managers.find(({ fingerprint }) => fingerprint === first.manager.fingerprint);
    expect(both?.addresses.map(({ address, interface: via }) => [address, via])).toEqual([
      ['10.1.0.2', 'eth0'],
      ['10.2.0.2', 'wlan0'],
    ]);
    expect(managers.find((manager) => manager !== both)?.url).toBe('https://10.2.0.3:11000');
    expect(endpoints.goodbye('a')).toBe(true);
    expect(endpoints.managers()).toHaveLength(1);
    expect(endpoints.goodbye('a')).toBe(false);
  });

  it('are gone when refused once, or silent twice, and come back when they answer', () => {
    const endpoints = new Endpoints();
    endpoints.heard(sighting('a', '10.1.0.2'), NETWORKS, 0);
    const endpoint = only(endpoints, 0);
    endpoints.probed(endpoint, healthOf('A'), 0);
    endpoints.probed(endpoint, 'late', 5000);
    expect(endpoints.managers()).toHaveLength(1);
    expect(endpoint.dueAt).toBe(6000);
    endpoints.probed(endpoint, 'late', 7000);
    expect(endpoints.managers()).toEqual([]);
    expect(endpoint.dueAt).toBe(9000);
    endpoints.probed(endpoint, healthOf('A'), 9000);
    expect(endpoints.managers()).toHaveLength(1);
    endpoints.probed(endpoint, 'nobody', 14_000);
    expect(endpoints.managers()).toEqual([]);
  });

  it('are forgotten when they never answered, and when we leave their network', () => {
    const endpoints = new Endpoints();
    endpoints.heard(sighting('a', '10.1.0.2'), NETWORKS, 0);
    endpoints.heard(sighting('b', '10.2.0.2'), NETWORKS, 100_000);
    expect(endpoints.due(120_001).map(({ instance }) => instance)).toEqual(['b']);
    endpoints.moved([CABLE], 120_002);
    expect(endpoints.size).toBe(0);
  });

  it('that were forgotten while a probe was under way stay forgotten', () => {
    const endpoints = new Endpoints();
    endpoints.heard(sighting('a', '10.1.0.2'), NETWORKS, 0);
    const endpoint = only(endpoints, 0);
    endpoints.goodbye('a');
    endpoints.probed(endpoint, healthOf('A'), 1);
    expect(endpoints.managers()).toEqual([]);
  });

  it('are bounded: a flood cannot push out those that answer', () => {
    const endpoints = new Endpoints();
    endpoints.heard(sighting('good', '10.1.0.2'), NETWORKS, 0);
    endpoints.probed(only(endpoints, 0), healthOf('good'), 0);
    for (let i = 0; i < 5000; i++) {
      endpoints.heard({ ...sighting(`bad${i}`, `10.2.${i % 100}.9`), port: 1 + i }, NETWORKS, i);
    }
    expect(endpoints.size).toBe(512);
    expect(endpoints.managers()).toHaveLength(1);
    expect(endpoints.due(5000)[0]?.instance).toBe('good');
  });

  it('are bounded for each who announces them, and what was never tried comes before what never answered', () => {
    const endpoints = new Endpoints();
    for (let i = 0; i < 5000; i++) endpoints.heard({ ...sighting(`bad${i}`, '10.2.0.9'), port: 1 + i }, NETWORKS, i);
    expect(endpoints.size).toBe(64);
    for (const endpoint of endpoints.due(5000)) endpoints.probed(endpoint, 'late', 5000);
    expect(endpoints.heard(sighting('good', '10.1.0.2'), NETWORKS, 6000)).toBe(true);
    expect(endpoints.heard(sighting('good', '10.1.0.2'), NETWORKS, 6001)).toBe(false);
    expect(endpoints.due(6001)[0]?.instance).toBe('good');
  });
});
