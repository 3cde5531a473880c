import type { Platform } from './pieces.ts';
import type { Probe } from './probe.ts';

/** The firewall that is in use on Linux; null: none that is known. */
export type LinuxFirewall = 'ufw' | 'firewalld' | 'nftables' | null;

const RULE = 'Potluck';

/**
 * The command that lets coworkers reach this program on its port, and managers be heard, to be run by an administrator; null where none is known.
 * The control port is for this machine alone and stays closed. `program`: the executable, absolute.
 */
export function firewallCommand(
  platform: Platform,
  facts: { program: string; port: number; linux?: LinuxFirewall },
): string | null {
  const { program, port } = facts;
  if (platform === 'win32') {
    return windowsCommand(powershellQuoted(program));
  }
  if (platform === 'darwin') {
    const tool = '/usr/libexec/ApplicationFirewall/socketfilterfw';
    const bundle = shellQuoted(bundleOf(program));
    return `sudo ${tool} --add ${bundle} && sudo ${tool} --unblockapp ${bundle}`;
  }
  return linuxCommand(facts.linux ?? null, port);
}

/**
 * Who was asked by Windows and said no has rules that block the program, and those win over any that allows: they go first. The words are those of
 * PowerShell's own types, the same in every language of Windows.
 */
function windowsCommand(program: string): string {
  const blocks = "Where-Object { $_.Direction -eq 'Inbound' -and $_.Action -eq 'Block' }";
  const filter = `Get-NetFirewallApplicationFilter -Program ${program} -ErrorAction SilentlyContinue`;
  const rule = `-DisplayName '${RULE}' -Direction Inbound -Action Allow -Profile Domain,Private -Program ${program}`;
  return `${filter} | Get-NetFirewallRule | ${blocks} | Remove-NetFirewallRule; New-NetFirewallRule ${rule}`;
}

function linuxCommand(firewall: LinuxFirewall, port: number): string | null {
  switch (firewall) {
    case 'firewalld': {
      // Now and from the next start on: a reload would drop what others have set for now alone.
      const open = `--add-port=${port}/tcp --add-service=mdns`;
      return `sudo firewall-cmd ${open} && sudo firewall-cmd --permanent ${open}`;
    }
    case 'ufw':
      return `sudo ufw allow ${port}/tcp comment ${RULE}`; // mDNS is open as it comes
    case 'nftables':
      return `sudo nft insert rule inet filter input tcp dport ${port} accept comment ${RULE}`;
    case null:
      return null;
  }
}

/** Which firewall a Linux machine has running, as far as that can be told without its administrator. */
export async function findLinuxFirewall(platform: Platform, probe: Probe): Promise<LinuxFirewall> {
  if (platform !== 'linux') return null;
  const services = ['firewalld.service', 'ufw.service', 'nftables.service'];
  const said = await probe('systemctl', ['show', '--property=Id,ActiveState', ...services]);
  const found = said === undefined ? [] : parseUnits(said);
  if (found.includes('firewalld')) return 'firewalld';
  // The service of ufw runs on every Ubuntu; whether it does anything stands in a file that everybody may read.
  if (found.includes('ufw') && /^ENABLED=yes$/im.test((await probe('cat', ['/etc/ufw/ufw.conf'])) ?? '')) return 'ufw';
  return found.includes('nftables') ? 'nftables' : null;
}

/** Names of the active services, out of `systemctl show --property=Id,ActiveState`: one block for each unit. */
export function parseUnits(text: string): string[] {
  return text
    .split(/\n\s*\n/)
    .filter((block) => /^ActiveState=active$/m.test(block))
    .map((block) => /^Id=(.*)\.service$/m.exec(block)?.[1] ?? '');
}

/** The firewall of macOS knows applications, not executables. */
function bundleOf(program: string): string {
  return /^(.*?\.app)\//.exec(program)?.[1] ?? program;
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** PowerShell takes the quotation marks of typesetters for its own. */
function powershellQuoted(text: string): string {
  return `'${text.replace(/['‘’‚‛]/g, '$&$&')}'`;
}
