import { execFileSync } from 'node:child_process';
import { existsSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tempFolder } from '../../support/program.ts';

const SOURCE = resolve(import.meta.dirname, '../../../src/main/desktop/time-zone.ts');
const ZONES = '/usr/share/zoneinfo';
const UNSHARE = '/usr/bin/unshare';

/** The zone of a machine is a link in /etc: one of its own for a moment takes a mount of its own. */
const possible = process.getuid?.() === 0 && existsSync(UNSHARE) && existsSync(join(ZONES, 'Asia/Shanghai'));

const TRAVEL = `
import { symlinkSync, unlinkSync } from 'node:fs';
import { noticeTimeZone } from ${JSON.stringify(SOURCE)};
const hours = [];
const look = () => hours.push(new Date(0).getHours());
look();
unlinkSync('/etc/localtime');
symlinkSync('${ZONES}/Asia/Shanghai', '/etc/localtime');
look();
noticeTimeZone();
look();
process.stdout.write(JSON.stringify(hours));
`;

describe.skipIf(!possible)('a machine that travels', () => {
  it('has the hours of where it is', () => {
    using folder = tempFolder('potluck-zone-');
    symlinkSync(join(ZONES, 'Etc/UTC'), join(folder.path, 'localtime'));
    writeFileSync(join(folder.path, 'travel.mjs'), TRAVEL);
    const script = 'mount --bind "$0" /etc && exec "$1" "$0/travel.mjs"';
    const env = { ...process.env };
    delete env['TZ'];
    const words = ['-m', 'sh', '-c', script, folder.path, process.execPath];
    expect(JSON.parse(execFileSync(UNSHARE, words, { env, encoding: 'utf8' }))).toEqual([0, 0, 8]);
  });
});
