import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { type default as msiProjectCreated, withFirewall } from '../../scripts/msi-firewall.ts';
import { SERVICE_TYPE } from '../../src/engine/discovery/records.ts';
import { installerOf } from '../../src/engine/protocol/installers.ts';
import { LINK_SCHEME } from '../../src/engine/protocol/join-link.ts';
import { have, run, type TempFolder, tempFolder } from '../support/program.ts';
import { ROOT } from './pack.ts';

interface Target {
  readonly target: string;
  readonly arch: readonly string[];
}

interface Configuration {
  readonly artifactName: string;
  readonly msiProjectCreated: string;
  readonly protocols: readonly { schemes: readonly string[] }[];
  readonly electronFuses: Readonly<Record<string, boolean>>;
  readonly win: { readonly target: readonly Target[] };
  readonly mac: { readonly target: readonly Target[]; readonly extendInfo: Readonly<Record<string, unknown>> };
  readonly linux: { readonly target: readonly Target[]; readonly executableName: string };
}

const read = (name: string) => readFileSync(join(ROOT, name), 'utf8');
const configuration = () => parse(read('electron-builder.yml')) as Configuration & Record<string, unknown>;

/** electron-builder's own check of a configuration against its schema. */
const builder = createRequire(import.meta.url);
const { validateConfiguration } = builder('app-builder-lib/out/util/config/config.js') as {
  validateConfiguration(config: object, log: { isEnabled: boolean }): Promise<void>;
};

let folder: TempFolder;
beforeEach(() => {
  folder = tempFolder();
});
afterEach(() => folder.remove());

describe('electron-builder.yml', () => {
  it('is what electron-builder understands, for every target', async () => {
    const log = { isEnabled: false };
    await validateConfiguration(configuration(), log);
    const wrong = { ...configuration(), nsis: { oneClik: true } };
    await expect(validateConfiguration(wrong, log)).rejects.toThrow(/configuration\.nsis/);
  });

  it('makes what the issue of installers asks for, under names that the join page and the feed know', () => {
    const { win, mac, linux, artifactName } = configuration();
    const made = [
      ...win.target.map((t) => ({ ...t, os: 'win' })),
      ...mac.target.map((t) => ({ ...t, os: 'mac' })),
      ...linux.target.map((t) => ({ ...t, os: 'linux' })),
    ];
    const names = made.flatMap(({ target, arch, os }) =>
      arch.map((name) =>
        artifactName
          .replace('$' + '{version}', '1.2.3')
          .replace('$' + '{os}', os)
          .replace('$' + '{arch}', PROCESSORS[target] ?? name)
          .replace('$' + '{ext}', target === 'nsis' ? 'exe' : target),
      ),
    );
    expect(names).toEqual([
      'potluck-1.2.3-win-x64.exe',
      'potluck-1.2.3-win-arm64.exe',
      'potluck-1.2.3-win-x64.msi',
      'potluck-1.2.3-mac-universal.dmg',
      'potluck-1.2.3-mac-universal.zip',
      'potluck-1.2.3-linux-x86_64.AppImage',
      'potluck-1.2.3-linux-amd64.deb',
      'potluck-1.2.3-linux-x86_64.rpm',
      'potluck-1.2.3-linux-x64.tar.gz',
    ]);
    expect(names.filter((name) => installerOf(name) === undefined)).toEqual([]);
  });

  it('names the scheme of join links and the service that is looked for', () => {
    const { protocols, mac } = configuration();
    expect(protocols.flatMap(({ schemes }) => schemes)).toEqual([LINK_SCHEME]);
    expect(mac.extendInfo['NSBonjourServices']).toEqual([`_${SERVICE_TYPE}._tcp`]);
    expect(mac.extendInfo['LSAppNapIsDisabled']).toBe(true);
    const asks = Object.keys(mac.extendInfo).filter((key) => key.endsWith('UsageDescription'));
    const inChinese = [...read('assets/installer/zh_CN.lproj/InfoPlist.strings').matchAll(/^"(\w+)" = ".+";$/gm)];
    expect(inChinese.map(([, key]) => key)).toEqual(asks);
  });

  it('speaks only of files that are there', () => {
    const paths = [...read('electron-builder.yml').matchAll(/(?:\.\/)?(?:assets|scripts|bin)\/[\w./@-]+/g)].map(
      (m) => m[0],
    );
    const files = paths.filter((path) => !path.startsWith('bin/potluck.c'));
    expect(files.length).toBeGreaterThan(12);
    expect(files.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });
});

/** What package formats call the processor that Node calls x64. */
const PROCESSORS: Readonly<Record<string, string>> = { AppImage: 'x86_64', deb: 'amd64', rpm: 'x86_64' };

describe("the Windows installer's own part", () => {
  const compile = (name: string, script: string) => {
    const file = join(folder.path, name);
    writeFileSync(file, script);
    return run('makensis', ['-V4', '-WX', file], { cwd: folder.path });
  };

  it.skipIf(!have('makensis'))('is compiled by makensis without a warning, in installer and uninstaller', async () => {
    const include = join(ROOT, 'assets/installer/installer.nsh');
    // As electron-builder wraps it: the include first, then what it may use.
    const script = `
Unicode true
!include "${include}"
!include FileFunc.nsh
!define APP_EXECUTABLE_FILENAME "Potluck.exe"
!define APP_ID "org.potluck.desktop"
!macro _isUpdated _a _b _t _f
  !insertmacro _LOGICLIB_TEMP
  \${GetParameters} $_LOGICLIB_TEMP
  ClearErrors
  \${GetOptions} $_LOGICLIB_TEMP "--updated" $_LOGICLIB_TEMP
  IfErrors \`\${_f}\` \`\${_t}\`
!macroend
!define isUpdated \`"" isUpdated ""\`
Name Potluck
OutFile potluck-setup.exe
RequestExecutionLevel user
InstallDir "$LOCALAPPDATA\\Programs\\Potluck"
Section
  SetOutPath $INSTDIR
  WriteUninstaller "$INSTDIR\\uninstall.exe"
  !insertmacro customInstall
SectionEnd
Section un.install
  !insertmacro customUnInstall
SectionEnd
`;
    const good = await compile('good.nsi', script);
    expect([good.code, good.stderr]).toEqual([0, '']); // -WX: a warning is an error
    const netsh = '"$SYSDIR\\netsh.exe" advfirewall firewall';
    const rule = 'rule name="Potluck" program="$INSTDIR\\Potluck.exe"';
    const added = `${netsh} delete ${rule} & ${netsh} add ${rule} dir=in action=allow profile=domain,private enable=yes`;
    const commands = good.stdout.split('\n').filter((line) => line.startsWith('ExecShellWait: runas:'));
    expect(commands).toEqual(
      [added, `${netsh} delete ${rule}`].map(
        (command) => `ExecShellWait: runas: "$SYSDIR\\cmd.exe" "/d /s /c "${command}"" SW_HIDE`,
      ),
    );
    expect(existsSync(join(folder.path, 'potluck-setup.exe'))).toBe(true);
    const forgotten = good.stdout.split('\n').filter((line) => line.startsWith('DeleteReg'));
    expect(forgotten.map((line) => line.split('\\').at(-1))).toEqual([
      expect.stringContaining('org.potluck.desktop'),
      expect.stringContaining('org.potluck.desktop'),
      expect.stringContaining('potluck'),
    ]);
    const bad = await compile('bad.nsi', script.replace('customUnInstall', 'customUninstal'));
    expect(bad.code).not.toBe(0);
  });

  it('adds the rule for this program in domain and private networks, and takes it away', () => {
    const text = read('assets/installer/installer.nsh');
    const [install = '', uninstall = ''] = text.split('!macro customUnInstall');
    expect(install).toContain('name="Potluck" program="$INSTDIR\\$' + '{APP_EXECUTABLE_FILENAME}"');
    expect(install).toMatch(/add rule \$\{POTLUCK_RULE\} dir=in action=allow profile=domain,private enable=yes/);
    expect(uninstall).toMatch(/delete rule \$\{POTLUCK_RULE\}/);
    expect(uninstall).not.toContain('add rule');
  });
});

describe("the MSI's firewall rule", () => {
  it('stands in the project that electron-builder makes, once and well-formed', () => {
    const template = join(ROOT, 'node_modules/app-builder-lib/templates/msi/template.xml');
    const project = readFileSync(template, 'utf8').replace(/\{\{[\s\S]*?\}\}/g, '');
    const changed = withFirewall(project);
    expect(changed.match(/Id="PotluckFirewallAdd"/g)).toHaveLength(1);
    const added = changed.slice(project.lastIndexOf('</Product>'), changed.lastIndexOf('</Product>'));
    const attributes = [...added.matchAll(/[\w-]+="([^"]*)"/g)].map((match) => match[1] ?? '');
    expect(attributes.filter((value) => /[<']|&(?!quot;)/.test(value))).toEqual([]);
    expect(added).toContain('profile=domain,private');
    expect(() => withFirewall('<Wix/>')).toThrow('no product');
  });

  it('is put in by the hook as electron-builder finds it', async () => {
    const { resolveFunction } = builder('app-builder-lib/out/util/resolve.js') as {
      resolveFunction(type: string, path: string, name: string, root: string): Promise<typeof msiProjectCreated>;
    };
    const { msiProjectCreated: path } = configuration();
    const file = join(folder.path, 'project.wxs');
    writeFileSync(file, '<Wix><Product></Product></Wix>');
    const hook = await resolveFunction('module', join(ROOT, path), 'msiProjectCreated', ROOT);
    await hook(file);
    expect(readFileSync(file, 'utf8')).toBe(withFirewall('<Wix><Product></Product></Wix>'));
  });
});

describe('what deb and rpm run', () => {
  /** The script as fpm gets it, with the system's folders below a folder of the test. */
  function rendered(name: string): string {
    const script = read(`assets/installer/${name}`)
      .replaceAll('$' + '{sanitizedProductName}', 'Potluck')
      .replaceAll('$' + '{executable}', 'potluck')
      .replace(/\/(opt|usr\/bin|etc\/apparmor\.d|proc\/sys)\b/g, `${folder.path}/$1`);
    expect(script).not.toMatch(/\$\{(?!1)/); // fpm would be handed a name that nobody put in
    const file = join(folder.path, name);
    writeFileSync(file, script);
    chmodSync(file, 0o755);
    return file;
  }

  const opt = () => join(folder.path, 'opt/Potluck');
  const link = () => join(folder.path, 'usr/bin/potluck');
  beforeEach(() => {
    for (const path of ['opt/Potluck/resources/bin', 'usr/bin', 'etc/apparmor.d', 'proc/sys/kernel']) {
      mkdirSync(join(folder.path, path), { recursive: true });
    }
    writeFileSync(join(opt(), 'chrome-sandbox'), '');
  });

  it('links the command line to /usr/bin, keeps it over an upgrade, and takes it away at the end', () => {
    execFileSync(rendered('after-install.tpl'), ['configure'], { stdio: 'pipe' });
    expect(readlinkSync(link())).toBe(join(opt(), 'resources/bin/potluck'));
    const remove = rendered('after-remove.tpl');
    for (const upgrade of ['upgrade', 'abort-upgrade', '1']) execFileSync(remove, [upgrade], { stdio: 'pipe' });
    expect(lstatSync(link()).isSymbolicLink()).toBe(true);
    execFileSync(remove, ['remove'], { stdio: 'pipe' });
    expect(existsSync(link())).toBe(false);
  });

  it('brings its own link up to date, wherever in its folder that led', () => {
    symlinkSync(join(opt(), 'potluck'), link());
    execFileSync(rendered('after-install.tpl'), ['configure'], { stdio: 'pipe' });
    expect(readlinkSync(link())).toBe(join(opt(), 'resources/bin/potluck'));
  });

  it('gives the sandbox its helper where the kernel keeps namespaces for root', () => {
    const mode = () => statSync(join(opt(), 'chrome-sandbox')).mode & 0o7777;
    writeFileSync(join(folder.path, 'proc/sys/kernel/unprivileged_userns_clone'), '0\n');
    execFileSync(rendered('after-install.tpl'), ['configure'], { stdio: 'pipe' });
    expect(mode()).toBe(0o4755);
  });

  it('leaves a command of the same name alone that is not theirs', async () => {
    writeFileSync(link(), 'somebody else');
    const installed = await run(rendered('after-install.tpl'), ['configure']);
    expect([installed.code, installed.stderr]).toEqual([0, expect.stringContaining('is there already and stays')]);
    execFileSync(rendered('after-remove.tpl'), ['purge'], { stdio: 'pipe' });
    expect(readFileSync(link(), 'utf8')).toBe('somebody else');
  });
});

describe('the build of the app', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.resetModules();
  });
  const defined = async (key: string) => {
    vi.stubEnv('POTLUCK_RELEASE_KEY', key);
    const { default: config } = await import('../../electron.vite.config.ts');
    return (config as { main: { define: Record<string, string> } }).main.define['POTLUCK_RELEASE_KEY'];
  };

  it('has the public half of the release key that it is given, or none', async () => {
    const key = Buffer.alloc(32, 7).toString('base64url');
    expect(await defined(key)).toBe(JSON.stringify(key));
    vi.resetModules();
    expect(await defined('')).toBe('""');
  });

  it('stops at one that no update could be compared with', async () => {
    await expect(defined('-----BEGIN PRIVATE KEY-----')).rejects.toThrow('is no public half of a release key');
  });
});

it('names the maker of the packages in one place, package.json, and nowhere else', () => {
  const { homepage, author } = JSON.parse(read('package.json')) as { homepage: string; author: { email: string } };
  expect([new URL(homepage).protocol, author.email]).toEqual(['https:', expect.stringContaining('@')]);
  expect(read('electron-builder.yml')).not.toMatch(/maintainer|vendor|homepage:/);
});

it('potluck.cmd has the line ends that cmd wants, and the three ways of the launcher', () => {
  const text = read('assets/installer/bin/potluck.cmd');
  expect(
    text
      .split('\n')
      .slice(0, -1)
      .every((line) => line.endsWith('\r')),
  ).toBe(true);
  expect(text.replace(/^rem .*$/gm, '')).not.toMatch(/[()]/); // "Program Files (x86)" would end a block
  for (const way of ['ELECTRON_RUN_AS_NODE=1', ':desktop', ':node', 'potluck.mjs" %*', 'potluck.cjs" %*']) {
    expect(text).toContain(way);
  }
});
