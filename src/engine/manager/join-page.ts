import { compareVersions, INSTALLERS_PREFIX, type Installer, type InstallerSystem } from '../protocol/installers.ts';
import { formatJoinLink } from '../protocol/join-link.ts';
import type { OfferedFile } from './installers.ts';
import { ARCH_NAMES, FORMAT_NAMES, type JoinWords } from './join-words.ts';

/** What the join page is made of; no secret among it. */
export interface JoinPageFacts {
  /** Of the manager. */
  readonly name: string;
  readonly fingerprint: string;
  /** Base URL as the visitor has reached it. */
  readonly base: string;
  readonly tokenRequired: boolean;
  readonly files: readonly OfferedFile[];
  /** System of the visitor, where the browser says. */
  readonly system: InstallerSystem | undefined;
}

/** The system that a browser's User-Agent names; undefined for telephones and what nobody knows. */
export function systemOf(userAgent: string | undefined): InstallerSystem | undefined {
  const text = userAgent ?? '';
  if (/android|iphone|ipad|mobile/i.test(text)) return undefined;
  if (/windows nt/i.test(text)) return 'windows';
  if (/mac os x|macintosh/i.test(text)) return 'macos';
  return /linux|x11/i.test(text) ? 'linux' : undefined;
}

interface Offer extends Installer {
  readonly file: OfferedFile;
}

/** What a release has first for each system is what most people want. */
const ORDER = ['exe', 'dmg', 'AppImage', 'deb', 'rpm', 'msi', 'zip', 'tar.gz', 'tgz'];

/** The newest of each kind, in the order in which they are shown. */
function newest(files: readonly OfferedFile[]): Offer[] {
  const kinds = new Map<string, Offer>();
  for (const file of files) {
    const { installer } = file;
    if (installer === undefined) continue;
    const kind = `${installer.system} ${installer.arch} ${installer.format}`;
    const known = kinds.get(kind);
    if (known !== undefined && compareVersions(installer.version, known.version) <= 0) continue;
    kinds.set(kind, { ...installer, file });
  }
  const rank = ({ format, arch }: Offer) => ORDER.indexOf(format) * 2 + (arch === 'arm64' ? 1 : 0);
  return [...kinds.values()].sort((a, b) => rank(a) - rank(b));
}

/** The page for coworkers: which manager this is, how to join it, and the app for their system. Everything that is not ours is escaped. */
export function renderJoinPage(facts: JoinPageFacts, words: JoinWords): string {
  const { base, fingerprint, tokenRequired } = facts;
  const link = formatJoinLink({ url: base, key: fingerprint, token: undefined });
  const token = tokenRequired ? ' --join-token TOKEN' : '';
  const title = escapeHtml(words.title(facts.name));
  return `<!doctype html>
<html lang="${words.lang}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>${title} - Potluck</title>
<style>${STYLE}</style></head>
<body><main>
<header>${POT}<h1>${title}</h1></header>
<p class="lead">${words.lead}</p>
${installSection(facts, words)}
<section><h2>${words.join}</h2>
<p><a class="button" href="${escapeHtml(link)}">${words.joinButton}</a></p>
<p class="hint">${words.joinHint}</p>
${tokenRequired ? `<p>${words.askToken}</p>\n` : ''}<dl><dt>${words.manager}</dt><dd><code>${escapeHtml(base)}</code></dd>
<dt>${words.fingerprint}</dt><dd><code>${inGroups(fingerprint)}</code></dd></dl>
<p class="hint">${words.compare}</p></section>
<section><h2>${words.headless}</h2>
<p><code>potluck --headless --peer --upstream ${escapeHtml(base)}${token}</code></p></section>
</main></body></html>
`;
}

function installSection(facts: JoinPageFacts, words: JoinWords): string {
  const offers = newest(facts.files);
  if (offers.length === 0) return `<section><h2>${words.install}</h2><p>${words.noInstallers}</p></section>`;
  const systems: InstallerSystem[] = ['windows', 'macos', 'linux', 'server'];
  const groups = systems
    .map((system) => ({ system, offers: offers.filter((offer) => offer.system === system) }))
    .filter((group) => group.offers.length > 0);
  const own = groups.find(({ system }) => system === facts.system);
  const rest = groups.filter((group) => group !== own);
  const list = (group: (typeof groups)[number]) => systemList(group.system, group.offers, words);
  const others = rest.map(list).join('');
  const folded =
    own === undefined || others === '' ? others : `<details><summary>${words.others}</summary>${others}</details>`;
  return `<section><h2>${words.install}</h2>${own === undefined ? '' : list(own)}${folded}</section>`;
}

function systemList(system: InstallerSystem, offers: readonly Offer[], words: JoinWords): string {
  const items = offers.map(({ file, format, arch, version }) => {
    const what = [ARCH_NAMES[arch], `${words.version} ${version}`, inMegabytes(file.size)].filter(
      (text) => text !== '',
    );
    const href = `${INSTALLERS_PREFIX}${encodeURIComponent(file.name)}`;
    return `<li><a href="${escapeHtml(href)}" download>${FORMAT_NAMES[format]}</a> <span class="hint">${escapeHtml(what.join(', '))}</span></li>`;
  });
  return `<h3>${words.systems[system]}</h3><ul>${items.join('')}</ul>`;
}

function inMegabytes(bytes: number): string {
  return `${Math.max(0.1, bytes / 2 ** 20).toFixed(bytes < 10 * 2 ** 20 ? 1 : 0)} MB`;
}

/** Four digits at a time, so that two people can compare them. */
function inGroups(fingerprint: string): string {
  return fingerprint.replace(/(.{4})(?=.)/g, '$1 ');
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

const POT = `<svg viewBox="0 0 16 16" width="40" height="40" aria-hidden="true"><path d="M2.3 7.3h11.4v4.1a3.2 3.2 0 0 1-3.2 3.2h-5a3.2 3.2 0 0 1-3.2-3.2zM2.3 6.2C2.6 4 4.9 2.9 8 2.9s5.4 1.1 5.7 3.3z"/><circle cx="8" cy="1.9" r="1.3"/><path d="M.9 9v1.8M15.1 9v1.8" class="line"/></svg>`;

const STYLE = `:root{color-scheme:light dark;--ground:#f6f8f7;--card:#fff;--ink:#1d2a2b;--quiet:#5b6b6a;--accent:#0b6e74;--on:#fff;--edge:#dde5e3}
@media (prefers-color-scheme:dark){:root{--ground:#141a1b;--card:#1d2526;--ink:#e8efee;--quiet:#9fb0ae;--accent:#4fd0bd;--on:#06211f;--edge:#2e3a3b}}
*{box-sizing:border-box}body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",sans-serif}
main{max-width:42rem;margin:0 auto;padding:2.5rem 1.25rem 3rem}header{display:flex;align-items:center;gap:.9rem}
svg{flex:none;fill:var(--accent)}svg .line{stroke:var(--accent);stroke-width:1.3;stroke-linecap:round;fill:none}
h1{font-size:1.75rem;line-height:1.2;margin:0;overflow-wrap:anywhere}h2{font-size:1.1rem;margin:0 0 .6rem}h3{font-size:.95rem;margin:.9rem 0 .2rem}
.lead{color:var(--quiet)}section{background:var(--card);border:1px solid var(--edge);border-radius:.75rem;padding:1.1rem 1.25rem;margin-top:1rem}
ul{margin:.2rem 0;padding-left:1.2rem}a{color:var(--accent)}summary{cursor:pointer;margin-top:.8rem}
.button{display:inline-block;background:var(--accent);color:var(--on);text-decoration:none;font-weight:600;padding:.6rem 1.1rem;border-radius:.5rem}
.hint{color:var(--quiet);font-size:.9rem}dl{margin:.8rem 0 0}dt{color:var(--quiet);font-size:.9rem}dd{margin:0 0 .5rem}
code{font:.9em ui-monospace,SFMono-Regular,Consolas,monospace;overflow-wrap:anywhere}`;
