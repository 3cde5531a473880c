import { describe, expect, it } from 'vitest';
import { parseIpconfig } from '../../../../src/main/desktop/conditions/ipconfig.ts';
import {
  askMetered,
  parseConnectionCost,
  parseNetworkManager,
  parseNmcli,
} from '../../../../src/main/desktop/conditions/metered.ts';
import { askPowerSupplies, parsePowerSupplies } from '../../../../src/main/desktop/conditions/power-supplies.ts';
import { askVpn, isMacTunnel, parseIpLink } from '../../../../src/main/desktop/conditions/vpn.ts';
import {
  BUSCTL_METERED,
  COST_UNRESTRICTED,
  GDBUS_METERED,
  IP_LOOPBACK,
  IP_TAP,
  IP_TUN,
  IP_VETH,
  IP_WIREGUARD,
  IPCONFIG,
  IPCONFIG_CHINESE,
  IPCONFIG_PORTUGUESE,
  LAPTOP_ON_BATTERY,
  NMCLI,
  NMCLI_TETHERED,
} from './recorded.ts';

describe('the cost of the network', () => {
  it('is read from Windows', () => {
    const cost = (fields: object) => JSON.stringify({ ...(JSON.parse(COST_UNRESTRICTED) as object), ...fields });
    expect(parseConnectionCost(COST_UNRESTRICTED)).toBe('no');
    expect(parseConnectionCost(`\uFEFF${COST_UNRESTRICTED}`)).toBe('no');
    expect(parseConnectionCost(cost({ NetworkCostType: 'Unrestricted' }))).toBe('no');
    for (const type of [2, 3, 'Fixed', 'Variable'])
      expect(parseConnectionCost(cost({ NetworkCostType: type }))).toBe('yes');
    for (const type of [0, 'Unknown', null, 7, '1'])
      expect(parseConnectionCost(cost({ NetworkCostType: type }))).toBe('unknown');
    for (const limit of ['Roaming', 'OverDataLimit', 'ApproachingDataLimit'])
      expect(parseConnectionCost(cost({ [limit]: true }))).toBe('yes');
    for (const nothing of ['', 'null', '[]', '7', 'You cannot call a method on a null-valued expression.'])
      expect(parseConnectionCost(nothing)).toBe('unknown');
  });

  it('is read from NetworkManager, through gdbus and through busctl', () => {
    const values = ['unknown', 'yes', 'no', 'yes', 'no', 'unknown'];
    expect(parseNetworkManager(GDBUS_METERED)).toBe('no');
    expect(parseNetworkManager(BUSCTL_METERED)).toBe('yes');
    expect(values.map((_, value) => parseNetworkManager(`(<uint32 ${value}>,)\n`))).toEqual(values);
    expect(values.map((_, value) => parseNetworkManager(`u ${value}\n`))).toEqual(values);
    expect(parseNetworkManager('Error: GDBus.Error:org.freedesktop.DBus.Error.ServiceUnknown')).toBe('unknown');
  });

  it('is read from nmcli, for connected devices alone', () => {
    expect(parseNmcli(NMCLI)).toBe('no');
    expect(parseNmcli(NMCLI_TETHERED)).toBe('yes');
    expect(parseNmcli(NMCLI_TETHERED.replace('100 (connected)', '30 (disconnected)'))).toBe('no');
    expect(parseNmcli('GENERAL.STATE:10 (unmanaged)\nGENERAL.METERED:unknown\n')).toBe('unknown');
    expect(parseNmcli('')).toBe('unknown');
  });

  it('is asked of the program that the system has', async () => {
    const asked: string[] = [];
    const nobody = (program: string) => {
      asked.push(program);
      return Promise.resolve(undefined);
    };
    expect(await askMetered('linux', nobody)).toBe('unknown'); // no NetworkManager, or none of its clients
    expect(await askMetered('win32', nobody)).toBe('unknown'); // PowerShell is shut, or has no WinRT
    expect(await askMetered('darwin', nobody)).toBe('unknown');
    expect(asked).toEqual(['gdbus', 'busctl', 'nmcli', 'powershell.exe']);
    const busctl = (program: string) => Promise.resolve(program === 'busctl' ? BUSCTL_METERED : undefined);
    expect(await askMetered('linux', busctl)).toBe('yes');
    const nmcli = (program: string) => Promise.resolve(program === 'nmcli' ? NMCLI : undefined);
    expect(await askMetered('linux', nmcli)).toBe('no');
  });
});

describe('the battery of a Linux machine', () => {
  const [mains = '', battery = '', mouse = ''] = LAPTOP_ON_BATTERY;

  it('is what it runs on while nothing is plugged in', () => {
    expect(parsePowerSupplies(LAPTOP_ON_BATTERY)).toBe('yes');
    expect(parsePowerSupplies([battery])).toBe('yes');
    expect(parsePowerSupplies([mains.replace('ONLINE=0', 'ONLINE=1'), battery])).toBe('no');
    const usb = mains.replace('Mains', 'USB').replace('ONLINE=0', 'ONLINE=1');
    expect(parsePowerSupplies([mains, usb, battery])).toBe('no');
    for (const status of ['Charging', 'Full', 'Not charging', 'Unknown'])
      expect(parsePowerSupplies([mains, battery.replace('Discharging', status)])).toBe('no');
  });

  it('is none of a mouse, nor of a machine without one', () => {
    expect(parsePowerSupplies([mains, mouse])).toBe('no');
    expect(parsePowerSupplies([])).toBe('no');
    expect(parsePowerSupplies([''])).toBe('no');
  });

  it('is not known where the kernel says nothing', async () => {
    expect(await askPowerSupplies('/nowhere/power_supply')).toBe('unknown');
  });
});

describe('the way to the manager on Linux', () => {
  it('is a tunnel where its link says so', () => {
    expect(parseIpLink(IP_TUN, 'tun0')).toBe('yes');
    expect(parseIpLink(IP_WIREGUARD, 'wg0')).toBe('yes');
    expect(parseIpLink(IP_TAP, 'tap0')).toBe('yes');
    expect(parseIpLink(IP_WIREGUARD.replace('"wireguard"', '"xfrm","info_data":{"if_id":"0x2a"}'), 'wg0')).toBe('yes');
    expect(parseIpLink('[{"ifname":"ppp0","link_type":"ppp","linkinfo":{"info_kind":"ppp"}}]', 'ppp0')).toBe('yes');
    expect(parseIpLink('[{"ifname":"ppp0","link_type":"ppp"}]', 'ppp0')).toBe('yes');
  });

  it('is none on Ethernet, bridges, bonds, and machines within the machine', () => {
    expect(parseIpLink(IP_VETH, 'v0')).toBe('no');
    expect(parseIpLink(IP_LOOPBACK, 'lo')).toBe('no');
    for (const kind of ['bridge', 'bond', 'vlan', 'macvlan'])
      expect(parseIpLink(IP_VETH.replace('"veth"', `"${kind}"`), 'v0')).toBe('no');
    expect(parseIpLink(IP_TAP.replace('tap0', 'vnet3'), 'vnet3')).toBe('no');
  });

  it('is not known where nothing sensible is said', () => {
    for (const nothing of ['', 'Device "tun0" does not exist.', '[]', '[{}]', 'null', '7'])
      expect(parseIpLink(nothing, 'tun0')).toBe('unknown');
    expect(parseIpLink(IP_TUN, 'tun1')).toBe('unknown');
  });
});

describe('the way to the manager on Windows', () => {
  it('is a tunnel where its adapter is that of one', () => {
    const tunnels = [
      '10.169.1.16',
      '10.70.41.215',
      '10.249.12.144',
      'fd53:5043:5000:f90c::90',
      '198.18.0.8',
      '10.243.130.2',
      '10.6.0.9',
    ];
    for (const address of tunnels) expect([address, parseIpconfig(IPCONFIG, address)]).toEqual([address, 'yes']);
  });

  it('is none on a network card, whatever its network calls itself, nor between machines within the machine', () => {
    for (const address of ['192.168.1.16', '2001:db8::7', 'fe80::7000:b2f:a217:20f8', '172.26.176.1'])
      expect([address, parseIpconfig(IPCONFIG, address)]).toEqual([address, 'no']);
  });

  it('is known in every language, and in the code page that goes with it', () => {
    expect(parseIpconfig(IPCONFIG_CHINESE, '100.68.1.1')).toBe('yes');
    expect(parseIpconfig(IPCONFIG_CHINESE, '222.205.2.241')).toBe('yes');
    expect(parseIpconfig(IPCONFIG_CHINESE, '192.168.32.58')).toBe('no');
    expect(parseIpconfig(IPCONFIG_PORTUGUESE, '10.25.8.14')).toBe('yes');
    expect(parseIpconfig(IPCONFIG_PORTUGUESE, '192.168.0.20')).toBe('no');
    // 适配器, 描述 and 地址 in code page 936, read as UTF-8, as it comes from the program.
    const adapter = Buffer.from('CACAC5E4C6F7', 'hex');
    const described = Buffer.from('C3E8CAF6', 'hex');
    const address = Buffer.from('B5D8D6B7', 'hex');
    const raw = Buffer.concat([
      ...[Buffer.from('PPP '), adapter, Buffer.from(':\r\n\r\n   DNS . . :\r\n   '), described, Buffer.from('. . : ')],
      ...[described, Buffer.from('\r\n   IPv4 '), address, Buffer.from(' . . . : 10.8.0.2\r\n')],
    ]);
    expect(parseIpconfig(raw.toString('utf8'), '10.8.0.2')).toBe('yes');
  });

  it('is not known of an address that no adapter has', () => {
    for (const address of ['192.168.1.1', '10.255.255.3', '192.168.1.160', '192.168.1.1', '0.0.0.0'])
      expect(parseIpconfig(IPCONFIG, address)).toBe('unknown');
    for (const nothing of ['', 'Access denied.', '\r\n'.repeat(1000)])
      expect(parseIpconfig(nothing, '192.168.1.16')).toBe('unknown');
  });
});

describe('the way to the manager', () => {
  it('is told by the name on a Mac', () => {
    for (const name of ['utun4', 'ipsec0', 'ppp0', 'gpd0', 'cscotun0', 'feth2311', 'zt1qa2ws3ed'])
      expect([name, isMacTunnel(name)]).toEqual([name, true]);
    for (const name of ['en0', 'bridge100', 'lo0', 'awdl0', 'utunnel', 'ap1', 'vmnet8'])
      expect([name, isMacTunnel(name)]).toEqual([name, false]);
  });

  it('is asked about the interface that packets to the manager leave from', async () => {
    const asked: string[][] = [];
    const probe = (program: string, args: readonly string[]) => {
      asked.push([program, ...args]);
      return Promise.resolve(IP_LOOPBACK);
    };
    expect(await askVpn('http://127.0.0.1:11000', 'linux', probe)).toBe('no');
    expect(asked).toEqual([['ip', '-d', '-j', 'link', 'show', 'dev', 'lo']]);
    expect(await askVpn('http://127.0.0.1:11000', 'darwin', probe)).toBe('no');
    const listed = IPCONFIG.replace('198.18.0.8', '127.0.0.1');
    expect(await askVpn('http://127.0.0.1:11000', 'win32', () => Promise.resolve(listed))).toBe('yes');
    expect(await askVpn('http://127.0.0.1:11000', 'win32', () => Promise.resolve(undefined))).toBe('unknown');
    expect(await askVpn('http://[::1]:11000', 'linux', () => Promise.resolve(undefined))).toBe('unknown');
    expect(await askVpn('http://no-such-name.invalid:11000', 'linux', probe)).toBe('unknown');
  });
});
