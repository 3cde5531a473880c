import type { Platform } from './pieces.ts';
import type { Probe } from './probe.ts';

/** The firewall that is in use on Linux; null: none that is known. */
export type LinuxFirewall = 'ufw' | 'firewalld' | null;

const RULE = 'Potluck';

/**
 * The command that lets coworkers reach this program on its port, to be run by an administrator; null where none is known. `program`: the
 * executable, absolute.
 */
export function firewallCommand(
  platform: Platform,
  facts: { program: string; port: number; linux?: LinuxFirewall },
): string | null {
  const { program, port } = facts;
  if (platform === 'win32') {
    const rule = `-DisplayName '${RULE}' -Direction Inbound -Action Allow -Protocol TCP -Profile Domain,Private`;
    return `New-NetFirewallRule ${rule} -Program ${powershellQuoted(program)}`;
  }
  if (platform === 'darwin') {
    const tool = '/usr/libexec/ApplicationFirewall/socketfilterfw';
    const bundle = shellQuoted(bundleOf(program));
    return `sudo ${tool} --add ${bundle} && sudo ${tool} --unblockapp ${bundle}`;
  }
  if (facts.linux === 'firewalld')
    return `sudo firewall-cmd --permanent --add-port=${port}/tcp && sudo firewall-cmd --reload`;
  if (facts.linux === 'ufw') return `sudo ufw allow ${port}/tcp comment ${RULE}`;
  return null;
}

/** Which firewall a Linux machine has running, as far as that can be told without its administrator. */
export async function findLinuxFirewall(platform: Platform, probe: Probe): Promise<LinuxFirewall> {
  if (platform !== 'linux') return null;
  const said = await probe('systemctl', ['show', '--property=Id,ActiveState', 'firewalld.service', 'ufw.service']);
  return said === undefined ? null : parseUnits(said);
}

/** Reads `systemctl show --property=Id,ActiveState`: one block for each unit. */
export function parseUnits(text: string): LinuxFirewall {
  const active = text
    .split(/\n\s*\n/)
    .filter((block) => /^ActiveState=active$/m.test(block))
    .map((block) => /^Id=(.*)\.service$/m.exec(block)?.[1]);
  if (active.includes('firewalld')) return 'firewalld';
  return active.includes('ufw') ? 'ufw' : null;
}

/** The firewall of macOS knows applications, not executables. */
function bundleOf(program: string): string {
  return /^(.*?\.app)\//.exec(program)?.[1] ?? program;
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function powershellQuoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
