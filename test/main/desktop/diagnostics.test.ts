import { describe, expect, it } from 'vitest';
import type { DesktopState, Diagnostics } from '../../../src/engine/protocol/desktop.ts';
import { reportText } from '../../../src/main/desktop/diagnostics.ts';
import { findLinuxFirewall, firewallCommand, parseUnits } from '../../../src/main/desktop/firewall.ts';

const WINDOWS =
  "Get-NetFirewallApplicationFilter -Program 'C:\\Ann''s ’’ Tools\\Potluck.exe' -ErrorAction SilentlyContinue | Get-NetFirewallRule | " +
  "Where-Object { $_.Direction -eq 'Inbound' -and $_.Action -eq 'Block' } | Remove-NetFirewallRule; " +
  "New-NetFirewallRule -DisplayName 'Potluck' -Direction Inbound -Action Allow -Profile Domain,Private -Program 'C:\\Ann''s ’’ Tools\\Potluck.exe'";

describe('the command for the firewall', () => {
  it('opens what this program needs, on networks that are trusted, whatever its path', () => {
    expect(firewallCommand('win32', { program: "C:\\Ann's ’ Tools\\Potluck.exe", port: 8001 })).toBe(WINDOWS);
    expect(firewallCommand('darwin', { program: "/Ann's/Potluck.app/Contents/MacOS/Potluck", port: 8001 })).toBe(
      "sudo /usr/libexec/ApplicationFirewall/socketfilterfw --add '/Ann'\\''s/Potluck.app' && sudo /usr/libexec/ApplicationFirewall/socketfilterfw --unblockapp '/Ann'\\''s/Potluck.app'",
    );
    const linux = (firewall: Parameters<typeof firewallCommand>[1]['linux']) =>
      firewallCommand('linux', {
        program: '/opt/p',
        port: 8001,
        ...(firewall === undefined ? {} : { linux: firewall }),
      });
    expect(linux('ufw')).toBe('sudo ufw allow 8001/tcp comment Potluck');
    expect(linux('firewalld')).toBe(
      'sudo firewall-cmd --add-port=8001/tcp --add-service=mdns && sudo firewall-cmd --permanent --add-port=8001/tcp --add-service=mdns',
    );
    expect(linux('nftables')).toBe('sudo nft insert rule inet filter input tcp dport 8001 accept comment Potluck');
    expect([linux(null), linux(undefined)]).toEqual([null, null]);
  });

  it('is that of the firewall that runs', async () => {
    const units = (...active: string[]) =>
      ['firewalld', 'ufw', 'nftables']
        .map((name) => `Id=${name}.service\nActiveState=${active.includes(name) ? 'active' : 'inactive'}\n`)
        .join('\n');
    expect(parseUnits(units('ufw', 'nftables'))).toEqual(['ufw', 'nftables']);
    const machine = (text: string, conf?: string) => (program: string) =>
      Promise.resolve(program === 'systemctl' ? text : conf);
    const on = '# comment\nENABLED=yes\nLOGLEVEL=low\n';
    const off = 'ENABLED=no\n';
    expect(await findLinuxFirewall('linux', machine(units('firewalld', 'ufw'), on))).toBe('firewalld');
    expect(await findLinuxFirewall('linux', machine(units('ufw'), on))).toBe('ufw');
    expect(await findLinuxFirewall('linux', machine(units('ufw'), off))).toBeNull();
    expect(await findLinuxFirewall('linux', machine(units('ufw', 'nftables'), off))).toBe('nftables');
    expect(await findLinuxFirewall('linux', machine(units()))).toBeNull();
    expect(await findLinuxFirewall('win32', machine(units('ufw'), on))).toBeNull();
    expect(await findLinuxFirewall('linux', () => Promise.resolve(undefined))).toBeNull();
  });
});

describe('the report', () => {
  const state = {
    version: '1.2.3',
    platform: 'win32',
    app: 'unreachable',
    problem: { code: 'POTLUCK_FILE_UNREADABLE', message: 'C:\\Users\\ann.lee\\AppData\\x.json is not JSON' },
    holds: [],
    peer: null,
    last: { url: 'http://10.0.0.5:11000', name: 'Office', fingerprint: 'ab'.repeat(32) },
    conditions: { battery: 'no', metered: 'unknown', vpn: 'no', busy: 'no' },
    settings: { uploadCap: null, downloadCap: 1000 },
  } as unknown as DesktopState;

  it('tells what is needed, and neither secrets nor whose folder it is', () => {
    const found: Diagnostics = {
      interfaces: [{ name: 'eth0', address: '10.0.0.7', managers: 2, trouble: null }],
      reachable: false,
      reason: 'ECONNREFUSED',
      clockDifference: -3_600_000,
      port: 8001,
      logFile: 'C:\\Users\\ann.lee\\log',
      firewallCommand: null,
      firewallText: '',
      logTail: [
        '{"path":"C:\\\\Users\\\\ann.lee\\\\potluck","msg":"one"}',
        '{"url":"file:///c:/users/Ann.Lee/potluck","msg":"two"}',
        '{"msg":"C:\\\\Users\\\\ann.leeds is somebody else"}',
        '{"msg":"potluck://join?url=x&key=y&token=open-sesame"}',
      ],
    };
    const text = reportText(state, found, 'C:\\Users\\ann.lee');
    for (const line of [
      'reachable: false',
      'reason: ECONNREFUSED',
      'clock difference: -3600000 ms',
      'interface eth0: 10.0.0.7, 2 managers',
      'manager: http://10.0.0.5:11000',
      'problem: POTLUCK_FILE_UNREADABLE: ~\\AppData\\x.json is not JSON',
    ])
      expect(text).toContain(line);
    expect(text).toContain('"path":"~\\\\potluck"');
    expect(text).toContain('file:///~/potluck');
    expect(text).toContain('ann.leeds');
    expect(text).not.toMatch(/sesame|ann\.lee\b(?!ds)/i);
    expect(reportText(state, found, '/')).toContain('ann.lee');
  });
});
