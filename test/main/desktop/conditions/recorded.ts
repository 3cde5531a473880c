/**
 * What programs of the system print, in the form in which people have quoted it; names, addresses and keys are other ones. Each says which
 * program of which system it is.
 */

/** `gdbus call --system ... Properties.Get org.freedesktop.NetworkManager Metered`, NetworkManager 1.36: Ubuntu 22.04, at home. */
export const GDBUS_METERED = '(<uint32 4>,)\n';
/** `busctl get-property org.freedesktop.NetworkManager ... Metered`, systemd 255: Ubuntu 24.04, behind a telephone. */
export const BUSCTL_METERED = 'u 1\n';

/** `nmcli -t -f GENERAL.STATE,GENERAL.METERED device show`, NetworkManager 1.42: Debian 12 with Wi-Fi, Docker, and an idle Ethernet port. */
export const NMCLI = `GENERAL.STATE:100 (connected)
GENERAL.METERED:no (guessed)

GENERAL.STATE:100 (connected (externally))
GENERAL.METERED:no (guessed)

GENERAL.STATE:20 (unavailable)
GENERAL.METERED:unknown

GENERAL.STATE:10 (unmanaged)
GENERAL.METERED:unknown
`;

/** The same beside a tethered telephone. */
export const NMCLI_TETHERED = NMCLI.replace('no (guessed)', 'yes (guessed)');

/** `ConvertTo-Json -Compress` in Windows PowerShell 5.1, Windows 11: enumerations are numbers there. */
export const COST_UNRESTRICTED =
  '{"NetworkCostType":1,"Roaming":false,"OverDataLimit":false,"ApproachingDataLimit":false}\r\n';

/** `ip -d -j link show dev tun0`, iproute2 6.1, Debian 12: what openvpn and openconnect make. */
export const IP_TUN =
  '[{"ifindex":2,"ifname":"tun0","flags":["POINTOPOINT","MULTICAST","NOARP","UP","LOWER_UP"],"mtu":1500,"qdisc":"fq_codel","operstate":"UNKNOWN","linkmode":"DEFAULT","group":"default","txqlen":500,"link_type":"none","promiscuity":0,"allmulti":0,"min_mtu":68,"max_mtu":65535,"linkinfo":{"info_kind":"tun","info_data":{"type":"tun","pi":false,"vnet_hdr":false,"multi_queue":false,"persist":true}},"inet6_addr_gen_mode":"eui64","num_tx_queues":1,"num_rx_queues":1,"gso_max_size":65536,"gso_max_segs":65535,"tso_max_size":65536,"tso_max_segs":65535,"gro_max_size":65536}]\n';

/** The same of a tap device: ZeroTier, OpenVPN in bridged mode, virtual machines. */
export const IP_TAP =
  '[{"ifindex":3,"ifname":"tap0","flags":["BROADCAST","MULTICAST"],"mtu":1500,"qdisc":"noop","operstate":"DOWN","linkmode":"DEFAULT","group":"default","txqlen":1000,"link_type":"ether","address":"d6:9b:44:00:5d:7a","broadcast":"ff:ff:ff:ff:ff:ff","promiscuity":0,"allmulti":0,"min_mtu":68,"max_mtu":65521,"linkinfo":{"info_kind":"tun","info_data":{"type":"tap","pi":false,"vnet_hdr":false,"multi_queue":false,"persist":true}},"inet6_addr_gen_mode":"eui64","num_tx_queues":1,"num_rx_queues":1,"gso_max_size":65536,"gso_max_segs":65535,"tso_max_size":65536,"tso_max_segs":65535,"gro_max_size":65536}]\n';

/** `ip -d -j`, iproute2 5.10, Debian 11: WireGuard. */
export const IP_WIREGUARD =
  '[{"ifindex":41,"ifname":"wg0","flags":["POINTOPOINT","NOARP","UP","LOWER_UP"],"mtu":1420,"qdisc":"noqueue","operstate":"UNKNOWN","group":"default","txqlen":1000,"link_type":"none","promiscuity":0,"min_mtu":0,"max_mtu":2147483552,"linkinfo":{"info_kind":"wireguard"},"num_tx_queues":1,"num_rx_queues":1,"gso_max_size":65536,"gso_max_segs":65535}]\n';

/** `ip -d -j`, iproute2 6.1: one end of a container's link. */
export const IP_VETH =
  '[{"ifindex":6,"link":"v1","ifname":"v0","flags":["BROADCAST","MULTICAST","M-DOWN"],"mtu":1500,"qdisc":"noop","operstate":"DOWN","linkmode":"DEFAULT","group":"default","txqlen":1000,"link_type":"ether","address":"86:ea:49:00:e3:a0","broadcast":"ff:ff:ff:ff:ff:ff","promiscuity":0,"allmulti":0,"min_mtu":68,"max_mtu":65535,"linkinfo":{"info_kind":"veth"},"inet6_addr_gen_mode":"eui64","num_tx_queues":2,"num_rx_queues":2,"gso_max_size":65536,"gso_max_segs":65535,"tso_max_size":524280,"tso_max_segs":65535,"gro_max_size":65536}]\n';

/** `ip -d -j`, iproute2 6.1: loopback. */
export const IP_LOOPBACK =
  '[{"ifindex":1,"ifname":"lo","flags":["LOOPBACK","UP","LOWER_UP"],"mtu":65536,"qdisc":"noqueue","operstate":"UNKNOWN","linkmode":"DEFAULT","group":"default","txqlen":1000,"link_type":"loopback","address":"00:00:00:00:00:00","broadcast":"00:00:00:00:00:00","promiscuity":0,"allmulti":0,"min_mtu":0,"max_mtu":0,"inet6_addr_gen_mode":"eui64","num_tx_queues":1,"num_rx_queues":1,"gso_max_size":65536,"gso_max_segs":65535,"tso_max_size":524280,"tso_max_segs":65535,"gro_max_size":65536}]\n';

/** `ipconfig /all`, Windows 7 and 10 in English: an IKEv2 VPN of Windows' own, AnyConnect, GlobalProtect, WireGuard, ZeroTier, FortiClient, a NIC. */
export const IPCONFIG = windows(`
Windows IP Configuration

   Host Name . . . . . . . . . . . . : DESK-7
   Primary Dns Suffix  . . . . . . . :
   Node Type . . . . . . . . . . . . : Hybrid
   IP Routing Enabled. . . . . . . . : No
   WINS Proxy Enabled. . . . . . . . : No
   DNS Suffix Search List. . . . . . : vpn.example.com

PPP adapter Office line:

   Connection-specific DNS Suffix  . :
   Description . . . . . . . . . . . : Office line
   Physical Address. . . . . . . . . :
   DHCP Enabled. . . . . . . . . . . : No
   Autoconfiguration Enabled . . . . : Yes
   IPv4 Address. . . . . . . . . . . : 10.169.1.16(Preferred)
   Subnet Mask . . . . . . . . . . . : 255.255.255.255
   Default Gateway . . . . . . . . . : 0.0.0.0
   DNS Servers . . . . . . . . . . . : 10.255.255.3
   NetBIOS over Tcpip. . . . . . . . : Enabled

Ethernet adapter Ethernet 2:

   Connection-specific DNS Suffix  . : example.com
   Description . . . . . . . . . . . : Cisco AnyConnect Secure Mobility Client Virtual Miniport Adapter for Windows x64
   Physical Address. . . . . . . . . : 00-05-9A-00-7A-00
   DHCP Enabled. . . . . . . . . . . : No
   Autoconfiguration Enabled . . . . : Yes
   Link-local IPv6 Address . . . . . : fe80::24d4:6fd1:e3db:83a0%17(Preferred)
   IPv4 Address. . . . . . . . . . . : 10.70.41.215(Preferred)
   Subnet Mask . . . . . . . . . . . : 255.255.240.0
   Default Gateway . . . . . . . . . : ::
                                       10.70.32.1
   DHCPv6 IAID . . . . . . . . . . . : 285214106

Ethernet adapter Ethernet 3:

   Connection-specific DNS Suffix  . :
   Description . . . . . . . . . . . : PANGP Virtual Ethernet Adapter Secure #2
   Physical Address. . . . . . . . . : 02-50-41-00-00-01
   DHCP Enabled. . . . . . . . . . . : No
   Autoconfiguration Enabled . . . . : Yes
   IPv6 Address. . . . . . . . . . . : fd53:5043:5000:f90c::90(Preferred)
   IPv4 Address. . . . . . . . . . . : 10.249.12.144(Preferred)
   Subnet Mask . . . . . . . . . . . : 255.255.255.255
   Default Gateway . . . . . . . . . :

Unknown adapter home:

   Connection-specific DNS Suffix  . :
   Description . . . . . . . . . . . : WireGuard Tunnel #2
   Physical Address. . . . . . . . . :
   DHCP Enabled. . . . . . . . . . . : No
   Autoconfiguration Enabled . . . . : Yes
   IPv4 Address. . . . . . . . . . . : 198.18.0.8(Preferred)

Ethernet adapter ZeroTier One [00ee7c034a0e8ecd]:

   Connection-specific DNS Suffix  . :
   Description . . . . . . . . . . . : ZeroTier Virtual Port
   Physical Address. . . . . . . . . : CE-0C-70-00-04-9A
   IPv4 Address. . . . . . . . . . . : 10.243.130.2(Preferred)

Ethernet adapter Ethernet 4:

   Connection-specific DNS Suffix  . :
   Description . . . . . . . . . . . : Fortinet SSL VPN Virtual Ethernet Adapter
   Physical Address. . . . . . . . . : 00-09-0F-00-00-01
   IPv4 Address. . . . . . . . . . . : 10.6.0.9(Preferred)

Ethernet adapter Ethernet:

   Connection-specific DNS Suffix  . : vpn.example.com
   Description . . . . . . . . . . . : Intel(R) I211 Gigabit Network Connection
   Physical Address. . . . . . . . . : A8-5E-45-00-52-10
   DHCP Enabled. . . . . . . . . . . : Yes
   Autoconfiguration Enabled . . . . : Yes
   IPv6 Address. . . . . . . . . . . : 2001:db8::7(Preferred)
   Link-local IPv6 Address . . . . . : fe80::7000:b2f:a217:20f8%47(Preferred)
   IPv4 Address. . . . . . . . . . . : 192.168.1.16(Preferred)
   Subnet Mask . . . . . . . . . . . : 255.255.255.0
   Default Gateway . . . . . . . . . : 192.168.1.1
   DNS Servers . . . . . . . . . . . : 10.169.1.16
                                       192.168.1.1

Ethernet adapter vEthernet (WSL):

   Connection-specific DNS Suffix  . :
   Description . . . . . . . . . . . : Hyper-V Virtual Ethernet Adapter
   IPv4 Address. . . . . . . . . . . : 172.26.176.1(Preferred)
`);

/** `ipconfig /all`, Windows 10 in Chinese, behind Tailscale, a dialled line, and on Ethernet. */
export const IPCONFIG_CHINESE = windows(`
Windows IP 配置

   主机名  . . . . . . . . . . . . . : DESK-7
   DNS 后缀搜索列表  . . . . . . . . : example.ts.net

未知适配器 Tailscale:

   连接特定的 DNS 后缀 . . . . . . . : example.ts.net
   描述. . . . . . . . . . . . . . . : Tailscale Tunnel
   物理地址. . . . . . . . . . . . . :
   DHCP 已启用 . . . . . . . . . . . : 否
   自动配置已启用. . . . . . . . . . : 是
   IPv6 地址 . . . . . . . . . . . . : fd7a:115c:a1e0::7301:e05e(首选)
   本地链接 IPv6 地址. . . . . . . . : fe80::7c2c:1810:b136:3aa0%6(首选)
   IPv4 地址 . . . . . . . . . . . . : 100.68.1.1(首选)
   子网掩码  . . . . . . . . . . . . : 255.255.255.255

PPP 适配器 宽带连接:

   连接特定的 DNS 后缀 . . . . . . . :
   描述. . . . . . . . . . . . . . . : 宽带连接
   IPv4 地址 . . . . . . . . . . . . : 222.205.2.241(首选)

以太网适配器 以太网:

   连接特定的 DNS 后缀 . . . . . . . :
   描述. . . . . . . . . . . . . . . : Realtek PCIe GbE Family Controller
   物理地址. . . . . . . . . . . . . : 84-2B-2B-00-85-27
   DHCP 已启用 . . . . . . . . . . . : 是
   IPv4 地址 . . . . . . . . . . . . : 192.168.32.58(首选)
   TCPIP 上的 NetBIOS  . . . . . . . : 已启用
`);

/** `ipconfig /all`, Windows 10 in Portuguese: GlobalProtect, and Wi-Fi. */
export const IPCONFIG_PORTUGUESE = windows(`
Adaptador Ethernet Ethernet 3:

   Sufixo DNS específico de conexão. . . . . . :
   Descrição . . . . . . . . . . . . . . . . . : PANGP Virtual Ethernet Adapter
   Endereço IPv4. . . . . . . .  . . . . . . . : 10.25.8.14(Preferencial)

Adaptador de Rede sem Fio Wi-Fi:

   Sufixo DNS específico de conexão. . . . . . : home
   Descrição . . . . . . . . . . . . . . . . . : Intel(R) Wi-Fi 6E AX211 160MHz
   Endereço IPv4. . . . . . . .  . . . . . . . : 192.168.0.20(Preferencial)
`);

/** The `uevent` files of /sys/class/power_supply, Linux 6.8: a laptop on its battery, with a mouse that has one as well. */
export const LAPTOP_ON_BATTERY = [
  'DEVTYPE=power_supply\nPOWER_SUPPLY_NAME=AC\nPOWER_SUPPLY_TYPE=Mains\nPOWER_SUPPLY_ONLINE=0\n',
  'DEVTYPE=power_supply\nPOWER_SUPPLY_NAME=BAT0\nPOWER_SUPPLY_TYPE=Battery\nPOWER_SUPPLY_STATUS=Discharging\nPOWER_SUPPLY_PRESENT=1\nPOWER_SUPPLY_TECHNOLOGY=Li-poly\nPOWER_SUPPLY_CYCLE_COUNT=12\nPOWER_SUPPLY_CAPACITY=55\nPOWER_SUPPLY_CAPACITY_LEVEL=Normal\n',
  'DEVTYPE=power_supply\nPOWER_SUPPLY_NAME=hidpp_battery_0\nPOWER_SUPPLY_TYPE=Battery\nPOWER_SUPPLY_ONLINE=1\nPOWER_SUPPLY_STATUS=Discharging\nPOWER_SUPPLY_SCOPE=Device\nPOWER_SUPPLY_MODEL_NAME=Wireless Mouse\n',
];

/** Windows ends its lines so. */
function windows(text: string): string {
  return text.replaceAll('\n', '\r\n');
}
