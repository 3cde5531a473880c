/** Where a manager offers installers and the update feed, open to everybody on the network. */
export const INSTALLERS_PREFIX = '/_potluck/installers/';

/** The update feed, and its signature beside it. */
export const FEED_NAME = 'update.json';
export const SIGNATURE_NAME = 'update.json.sig';

export type InstallerSystem = 'windows' | 'macos' | 'linux' | 'server';
export type InstallerArch = 'x64' | 'arm64' | 'universal' | 'any';
export type InstallerFormat = 'exe' | 'msi' | 'dmg' | 'zip' | 'AppImage' | 'deb' | 'rpm' | 'tar.gz' | 'tgz';

/** What a release calls its files: `potluck-<version>-<system>-<arch>.<format>`, and `potluck-headless-<version>.tgz` for servers. */
export interface Installer {
  readonly version: string;
  readonly system: InstallerSystem;
  readonly arch: InstallerArch;
  readonly format: InstallerFormat;
}

const SYSTEMS: Readonly<Record<string, InstallerSystem>> = { win: 'windows', mac: 'macos', linux: 'linux' };

/** Package formats have names of their own for the same processors. */
const ARCHES: Readonly<Record<string, InstallerArch>> = {
  x64: 'x64',
  x86_64: 'x64',
  amd64: 'x64',
  arm64: 'arm64',
  aarch64: 'arm64',
  universal: 'universal',
};

const FORMATS: readonly InstallerFormat[] = ['exe', 'msi', 'dmg', 'zip', 'AppImage', 'deb', 'rpm', 'tar.gz'];

const VERSION = String.raw`(\d+\.\d+\.\d+(?:-[\da-z.-]+?)?)`;
const DESKTOP = new RegExp(`^potluck-${VERSION}-(win|mac|linux)-([a-z\\d_]+)\\.([a-z.]+)$`, 'i');
const HEADLESS = new RegExp(`^potluck-headless-${VERSION}\\.tgz$`, 'i');

/** What a file is by its name; undefined where it is nothing that a release makes. */
export function installerOf(name: string): Installer | undefined {
  const headless = HEADLESS.exec(name)?.[1];
  if (headless !== undefined && isVersion(headless))
    return { version: headless, system: 'server', arch: 'any', format: 'tgz' };
  const [, version = '', os = '', processor = '', ending = ''] = DESKTOP.exec(name) ?? [];
  const system = SYSTEMS[os.toLowerCase()];
  const arch = ARCHES[processor.toLowerCase()];
  const format = FORMATS.find((known) => known.toLowerCase() === ending.toLowerCase());
  if (!isVersion(version) || system === undefined || arch === undefined || format === undefined) return undefined;
  return { version, system, arch, format };
}

/** A version in its parts (Semantic Versioning 2.0.0); undefined where the text is none. */
function partsOf(version: string): { core: readonly number[]; pre: readonly string[] } | undefined {
  const match = /^(\d{1,9})\.(\d{1,9})\.(\d{1,9})(?:-([\da-z-]+(?:\.[\da-z-]+)*))?(?:\+[\da-z.-]+)?$/i.exec(version);
  if (match === null) return undefined;
  return { core: match.slice(1, 4).map(Number), pre: match[4]?.split('.') ?? [] };
}

export function isVersion(text: string): boolean {
  return partsOf(text) !== undefined;
}

/** Order of two versions (Semantic Versioning 2.0.0 section 11): below zero where the first is the lower. Throws RangeError for what is none. */
export function compareVersions(one: string, other: string): number {
  const [a, b] = [partsOf(one), partsOf(other)];
  if (a === undefined || b === undefined) throw new RangeError(`not a version: ${a === undefined ? one : other}`);
  for (const [index, number] of a.core.entries()) {
    const difference = number - (b.core[index] ?? 0);
    if (difference !== 0) return difference;
  }
  // What has a pre-release stands below the release itself.
  if (a.pre.length === 0 || b.pre.length === 0) return b.pre.length - a.pre.length;
  return comparePreReleases(a.pre, b.pre);
}

function comparePreReleases(one: readonly string[], other: readonly string[]): number {
  for (const [index, mine] of one.entries()) {
    const theirs = other[index];
    if (theirs === undefined) return 1; // all before are the same: the longer is the higher
    if (mine === theirs) continue;
    const [a, b] = [mine, theirs].map((part) => (/^\d+$/.test(part) ? Number(part) : undefined));
    if (a !== undefined && b !== undefined) return a - b;
    if (a !== undefined || b !== undefined) return a !== undefined ? -1 : 1; // numbers stand below words
    return mine < theirs ? -1 : 1;
  }
  return one.length - other.length;
}
