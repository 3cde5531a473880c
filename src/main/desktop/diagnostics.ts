import { release } from 'node:os';
import type { DesktopState, Diagnostics, InterfaceReport } from '../../engine/protocol/desktop.ts';
import { firewallCommand, type LinuxFirewall } from './firewall.ts';
import type { RotatingFile } from './log.ts';
import type { Platform } from './pieces.ts';
import type { Words } from './words/index.ts';

/** Lines of the log that are shown. */
const TAIL = 200;

export interface DiagnosticsParts {
  readonly state: DesktopState;
  readonly interfaces: readonly InterfaceReport[];
  readonly log: RotatingFile;
  readonly platform: Platform;
  readonly linux: LinuxFirewall;
  /** The executable that listens. */
  readonly program: string;
  readonly words: Words;
}

/** What helps to find out why a peer is not reached. */
export function diagnose(parts: DiagnosticsParts): Diagnostics {
  const { state, log, platform, linux, program, words } = parts;
  const { peer } = state;
  const port = peer?.port ?? state.settings.port;
  const command = firewallCommand(platform, { program, port, linux });
  return {
    interfaces: parts.interfaces,
    reachable: peer?.reachable ?? null,
    reason: peer?.trouble ?? state.problem?.message ?? null,
    clockDifference: peer?.clockDifference ?? null,
    port,
    logFile: log.path,
    firewallCommand: command,
    firewallText: [
      words.firewall(program, port, command),
      ...(platform === 'win32' ? [words.firewallWindows] : []),
    ].join('\n\n'),
    logTail: log.tail(TAIL),
  };
}

/**
 * The same as text, for a mail to whoever can help. It has no secrets in it: tokens are never logged, the paths of downloads are left out, and the
 * person's folder, `home`, goes by `~`.
 */
export function reportText(state: DesktopState, found: Diagnostics, home: string): string {
  const { peer, last, conditions } = state;
  const rows: [string, unknown][] = [
    ['version', state.version],
    ['system', `${state.platform} ${release()}`],
    ['state', state.app],
    ['problem', state.problem === null ? '-' : `${state.problem.code}: ${state.problem.message}`],
    ['holds back', state.holds.join(', ') || '-'],
    ['manager', peer?.manager?.url ?? last?.url ?? '-'],
    ['key', peer?.manager?.fingerprint ?? last?.fingerprint ?? '-'],
    ['port', found.port],
    ['reachable', found.reachable ?? 'unknown'],
    ['reason', found.reason ?? '-'],
    ['clock difference', found.clockDifference === null ? 'unknown' : `${Math.round(found.clockDifference)} ms`],
    ['downloads', peer?.running ?? 0],
    ['memory', peer === null ? '-' : `${peer.memory.used} of ${peer.memory.grant}`],
    ['disk', peer === null ? '-' : `${peer.disk.used} of ${peer.disk.grant}`],
    ['caps', `up ${state.settings.uploadCap ?? 'none'}, down ${state.settings.downloadCap ?? 'none'}`],
    [
      'conditions',
      Object.entries(conditions)
        .map(([name, value]) => `${name} ${value}`)
        .join(', '),
    ],
    ...found.interfaces.map((one): [string, unknown] => [
      `interface ${one.name}`,
      `${one.address}, ${one.managers} managers${one.trouble === null ? '' : `, cannot ${one.trouble.what}: ${one.trouble.why}`}`,
    ]),
  ];
  const text = [...rows.map(([name, value]) => `${name}: ${value}`), '', ...found.logTail, ''].join('\n');
  return withoutHome(text, home).replace(/\btoken=[^&\s"'<>]+/gi, 'token=...');
}

/** However the path is written: as it is, as JSON in the log writes it, or as a part of a URL. */
function withoutHome(text: string, home: string): string {
  const path = home.replace(/[\\/]+$/, '');
  if (path.length < 3) return text;
  const names = path.split(/[\\/]/).map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return text.replace(new RegExp(`${names.join('[\\\\/]+')}(?![\\w.-])`, 'gi'), '~');
}
