import { describe, expect, it } from 'vitest';
import { compareVersions, installerOf, isVersion } from '../../../src/engine/protocol/installers.ts';

describe('the names of a release', () => {
  it('say what a file is', () => {
    expect(installerOf('potluck-1.2.3-win-x64.exe')).toEqual({
      version: '1.2.3',
      system: 'windows',
      arch: 'x64',
      format: 'exe',
    });
    const kinds = [
      'potluck-1.2.3-beta.4-mac-universal.dmg',
      'potluck-1.2.3-linux-x86_64.AppImage',
      'potluck-1.2.3-linux-amd64.deb',
      'potluck-1.2.3-linux-aarch64.rpm',
      'potluck-1.2.3-linux-arm64.tar.gz',
      'potluck-headless-1.2.3-rc.1.tgz',
    ].map((name) => Object.values(installerOf(name) ?? {}).join(' '));
    expect(kinds).toEqual([
      '1.2.3-beta.4 macos universal dmg',
      '1.2.3 linux x64 AppImage',
      '1.2.3 linux x64 deb',
      '1.2.3 linux arm64 rpm',
      '1.2.3 linux arm64 tar.gz',
      '1.2.3-rc.1 server any tgz',
    ]);
  });

  it('mean the same in capital letters, as some file systems give them', () => {
    const names = ['POTLUCK-1.2.3-WIN-X64.EXE', 'potluck-1.2.3-linux-x86_64.appimage'];
    expect(names.map((name) => installerOf(name)?.format)).toEqual(['exe', 'AppImage']);
  });

  it.each(['potluck-1.2.3-.-win-x64.exe', 'potluck-1234567890.0.0-win-x64.exe', 'potluck-headless-1.2.3-..tgz'])(
    'have a version that can be compared, unlike %j',
    (name) => expect(installerOf(name)).toBeUndefined(),
  );

  it.each(['setup.exe', 'potluck-1.2-win-x64.exe', 'potluck-1.2.3-win-mips.exe', 'potluck-1.2.3-win-x64.exe.part', ''])(
    'do not include %j',
    (name) => expect(installerOf(name)).toBeUndefined(),
  );
});

describe('versions', () => {
  it('stand in the order of Semantic Versioning, section 11', () => {
    const ordered = [
      '0.9.9',
      '1.0.0-alpha',
      '1.0.0-alpha.1',
      '1.0.0-alpha.beta',
      '1.0.0-beta',
      '1.0.0-beta.2',
      '1.0.0-beta.11',
      '1.0.0-rc.1',
      '1.0.0',
      '1.0.10',
      '1.10.0',
    ];
    for (const [i, one] of ordered.entries()) {
      for (const [j, other] of ordered.entries()) {
        expect(Math.sign(compareVersions(one, other)), `${one} and ${other}`).toBe(Math.sign(i - j));
      }
    }
  });

  it('are the same whatever the build', () => expect(compareVersions('1.0.0+linux', '1.0.0+win')).toBe(0));

  it('are told from what is none', () => {
    expect(['1.0.0', '1.0.0-rc.1+5'].every(isVersion)).toBe(true);
    expect(['', '1', '1.0', 'v1.0.0', '1.0.0-', '1.0.0-a..b', '99999999999.0.0'].some(isVersion)).toBe(false);
    expect(() => compareVersions('1.0.0', 'latest')).toThrow('not a version: latest');
  });
});
