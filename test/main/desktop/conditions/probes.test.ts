import { describe, expect, it } from 'vitest';
import {
  askMetered,
  parseConnectionCost,
  parseNetworkManager,
  parseNmcli,
} from '../../../../src/main/desktop/conditions/metered.ts';
import { askVpn, isMacTunnel, parseAdapters, parseIpLink } from '../../../../src/main/desktop/conditions/vpn.ts';

// In the form in which each program prints it, as its documentation has it.

describe('the cost of the network', () => {
  it('is read from Windows', () => {
    const cost = (fields: object) =>
      JSON.stringify({
        ApproachingDataLimit: false,
        NetworkCostType: 1,
        OverDataLimit: false,
        Roaming: false,
        BackgroundDataUsageRestricted: false,
        ...fields,
      });
    expect(parseConnectionCost(cost({}))).toBe('no');
    expect(parseConnectionCost(cost({ NetworkCostType: 2 }))).toBe('yes');
    expect(parseConnectionCost(cost({ NetworkCostType: 3 }))).toBe('yes');
    expect(parseConnectionCost(cost({ NetworkCostType: 0 }))).toBe('unknown');
    expect(parseConnectionCost(cost({ Roaming: true }))).toBe('yes');
    expect(parseConnectionCost('')).toBe('unknown');
    expect(parseConnectionCost('You cannot call a method on a null-valued expression.')).toBe('unknown');
  });

  it('is read from NetworkManager', () => {
    const answers = [0, 1, 2, 3, 4, 5].map((value) => parseNetworkManager(`(<uint32 ${value}>,)\n`));
    expect(answers).toEqual(['unknown', 'yes', 'no', 'yes', 'no', 'unknown']);
    expect(parseNetworkManager('Error: GDBus.Error:org.freedesktop.DBus.Error.ServiceUnknown')).toBe('unknown');
  });

  it('is read from nmcli, for connected devices alone', () => {
    const wifi = 'GENERAL.STATE:100 (connected)\nGENERAL.METERED:no (guessed)\n';
    const phone = 'GENERAL.STATE:100 (connected)\nGENERAL.METERED:yes\n';
    const off = 'GENERAL.STATE:30 (disconnected)\nGENERAL.METERED:yes\n';
    const loop = 'GENERAL.STATE:10 (unmanaged)\nGENERAL.METERED:unknown\n';
    expect(parseNmcli([wifi, off, loop].join('\n'))).toBe('no');
    expect(parseNmcli([loop, wifi, phone].join('\n'))).toBe('yes');
    expect(parseNmcli(loop)).toBe('unknown');
  });

  it('is asked of the program that the system has', async () => {
    const asked: string[] = [];
    const nobody = (program: string) => {
      asked.push(program);
      return Promise.resolve(undefined);
    };
    expect(await askMetered('linux', nobody)).toBe('unknown');
    expect(await askMetered('win32', nobody)).toBe('unknown');
    expect(await askMetered('darwin', nobody)).toBe('unknown');
    expect(asked).toEqual(['gdbus', 'nmcli', 'powershell.exe']);
  });
});

describe('the way to the manager', () => {
  const link = (fields: object) =>
    JSON.stringify([
      {
        ifindex: 4,
        ifname: 'x0',
        flags: ['POINTOPOINT', 'NOARP', 'UP', 'LOWER_UP'],
        mtu: 1420,
        qdisc: 'noqueue',
        operstate: 'UNKNOWN',
        linkmode: 'DEFAULT',
        group: 'default',
        txqlen: 1000,
        link_type: 'none',
        promiscuity: 0,
        min_mtu: 0,
        max_mtu: 2147483552,
        ...fields,
      },
    ]);

  it('is a tunnel where Linux says so', () => {
    expect(parseIpLink(link({ linkinfo: { info_kind: 'wireguard' } }), 'x0')).toBe('yes');
    expect(parseIpLink(link({ linkinfo: { info_kind: 'tun', info_data: { type: 'tun', pi: false } } }), 'x0')).toBe(
      'yes',
    );
    expect(parseIpLink(link({ link_type: 'ppp', linkinfo: { info_kind: 'ppp' } }), 'x0')).toBe('yes');
    expect(parseIpLink(link({ link_type: 'ppp' }), 'x0')).toBe('yes');
    expect(parseIpLink(link({ linkinfo: { info_kind: 'xfrm', info_data: { if_id: '0x2a' } } }), 'x0')).toBe('yes');
  });

  it('is none on Ethernet, bridges, bonds, and machines within the machine', () => {
    expect(parseIpLink(link({ link_type: 'ether' }), 'x0')).toBe('no');
    for (const kind of ['bridge', 'bond', 'vlan', 'veth', 'macvlan'])
      expect(parseIpLink(link({ link_type: 'ether', linkinfo: { info_kind: kind } }), 'x0')).toBe('no');
    const tap = link({ ifname: 'vnet3', linkinfo: { info_kind: 'tun', info_data: { type: 'tap' } } });
    expect(parseIpLink(tap, 'vnet3')).toBe('no');
    expect(parseIpLink(tap.replaceAll('vnet3', 'tap0'), 'tap0')).toBe('yes');
  });

  it('is not known where nothing sensible is said', () => {
    expect(parseIpLink('Device "x0" does not exist.', 'x0')).toBe('unknown');
    expect(parseIpLink(link({}), 'y0')).toBe('unknown');
    expect(parseAdapters('', 'Wi-Fi')).toBe('unknown');
  });

  it('is read from the adapters of Windows', () => {
    const adapters = JSON.stringify([
      { Name: 'Wi-Fi', InterfaceDescription: 'Intel(R) Wi-Fi 6E AX211 160MHz', InterfaceType: 71 },
      { Name: 'Ethernet', InterfaceDescription: 'Realtek PCIe GbE Family Controller', InterfaceType: 6 },
      {
        Name: 'vEthernet (Default Switch)',
        InterfaceDescription: 'Hyper-V Virtual Ethernet Adapter',
        InterfaceType: 6,
      },
      {
        Name: 'Ethernet 3',
        InterfaceDescription: 'Cisco AnyConnect Virtual Miniport Adapter for Windows x64',
        InterfaceType: 6,
      },
      { Name: 'OpenVPN Wintun', InterfaceDescription: 'Wintun Userspace Tunnel', InterfaceType: 53 },
      { Name: 'Office', InterfaceDescription: 'WAN Miniport (IKEv2)', InterfaceType: 131 },
      { Name: 'Line', InterfaceDescription: 'Some dialler', InterfaceType: 23 },
    ]);
    const states = [
      'Wi-Fi',
      'Ethernet',
      'vEthernet (Default Switch)',
      'Ethernet 3',
      'OpenVPN Wintun',
      'Office',
      'Line',
    ].map((name) => parseAdapters(adapters, name));
    expect(states).toEqual(['no', 'no', 'no', 'yes', 'yes', 'yes', 'yes']);
    const one = JSON.stringify({ Name: 'Wi-Fi', InterfaceDescription: 'Intel(R) Wi-Fi', InterfaceType: 71 });
    expect(parseAdapters(one, 'Wi-Fi')).toBe('no');
  });

  it('is told by the name on a Mac', () => {
    expect(['utun4', 'ipsec0', 'ppp0'].map(isMacTunnel)).toEqual([true, true, true]);
    expect(['en0', 'bridge100', 'lo0', 'awdl0', 'utunnel'].map(isMacTunnel)).toEqual([
      false,
      false,
      false,
      false,
      false,
    ]);
  });

  it('is asked about the interface that packets to the manager leave from', async () => {
    const asked: string[][] = [];
    const probe = (program: string, args: readonly string[]) => {
      asked.push([program, ...args]);
      return Promise.resolve('[{"ifname":"lo","link_type":"loopback"}]');
    };
    expect(await askVpn('http://127.0.0.1:11000', 'linux', probe)).toBe('no');
    expect(asked).toEqual([['ip', '-d', '-j', 'link', 'show', 'dev', 'lo']]);
    expect(await askVpn('http://[::1]:11000', 'linux', () => Promise.resolve(undefined))).toBe('unknown');
  });
});
