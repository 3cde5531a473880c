import type { ConditionState } from '../../../engine/protocol/desktop.ts';

/** Adapters of tunnels, by what their drivers call themselves on Windows, in every language. */
const TUNNEL_ADAPTER = new RegExp(
  [
    'vpn',
    '\\btap\\b',
    '\\btunn?el',
    '\\btun\\b',
    'wireguard',
    'wintun',
    'anyconnect',
    'cisco secure client',
    'globalprotect',
    '\\bpangp\\b',
    'fortinet',
    'juniper networks',
    'pulse secure',
    'ivanti',
    'sonicwall',
    'netextender',
    'citrix virtual adapter',
    'sangfor',
    '\\bsvn adapter',
    'zscaler',
    'tailscale',
    'zerotier',
    'wan miniport',
    'wan \\(ppp',
  ].join('|'),
  'i',
);

/** One adapter of the listing: its heading, and the lines below, label and value. */
interface Section {
  readonly heading: string;
  readonly lines: readonly { readonly label: string; readonly value: string }[];
}

/**
 * Reads `ipconfig /all`: whether the adapter that has this address is that of a tunnel. Windows writes it in its own language and in the old
 * code page of that; nothing is read but what is the same in all of them: the heading begins at the margin, the second line below it
 * describes the adapter (the first is its DNS suffix), labels of addresses hold `IPv4` or `IPv6`, and what dials is called PPP. The VPN
 * that Windows brings along is of that kind, as is a dialled line.
 */
export function parseIpconfig(text: string, address: string): ConditionState {
  const section = sectionsOf(text).find(({ lines }) =>
    lines.some(({ label, value }) => /IPv[46]/.test(label) && addressOf(value) === address),
  );
  if (section === undefined) return 'unknown';
  if (/(?:^|[^A-Za-z])PPP(?:[^A-Za-z]|$)/.test(section.heading)) return 'yes';
  return TUNNEL_ADAPTER.test(section.lines[1]?.value ?? '') ? 'yes' : 'no';
}

function sectionsOf(text: string): Section[] {
  const sections: { heading: string; lines: { label: string; value: string }[] }[] = [];
  for (const line of text.split(/\r?\n/)) {
    if (/^\S/.test(line)) sections.push({ heading: line, lines: [] });
    const [, label, value] = /^\s+([^:]*?)[\s.]*:(.*)$/.exec(line) ?? [];
    if (label !== undefined && value !== undefined) sections.at(-1)?.lines.push({ label, value: value.trim() });
  }
  return sections;
}

/** `fe80::1%12(Preferred)` without what stands behind it. */
function addressOf(value: string): string {
  return /^[0-9a-f.:]+/i.exec(value)?.[0].toLowerCase() ?? '';
}
