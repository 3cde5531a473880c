import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readIfThere } from '../../engine/base/atomic-file.ts';
import type { Log } from '../../engine/base/log.ts';
import { isJoinLink, LINK_SCHEME } from '../../engine/protocol/join-link.ts';
import { desktopEntry, execOf } from './desktop-entry.ts';
import { type LoginOptions, programToStart } from './login.ts';
import type { ElectronPieces } from './pieces.ts';
import type { Probe } from './probe.ts';

/** Name of the entry on Linux, as deb and rpm install it. */
const ENTRY = 'potluck.desktop';

/** The join link among the words of a command line, as Windows and Linux hand it over; the last one counts. */
export function linkIn(words: readonly string[]): string | undefined {
  return words.findLast(isJoinLink);
}

export interface LinkCollaborators {
  readonly app: Pick<ElectronPieces['app'], 'setAsDefaultProtocolClient'>;
  readonly probe: Probe;
  readonly log: Log;
}

/** Has the system open join links with this program, for this user. Never rejects: without it a link can still be typed in. */
export async function registerLinks({ app, probe, log }: LinkCollaborators, options: LoginOptions): Promise<void> {
  const { platform, program } = options;
  try {
    if (platform === 'linux') await registerOnLinux(probe, options);
    // Behind `--` nothing is a switch: a link is written by whoever likes, and Windows puts it into a line of words.
    else if (platform === 'win32') app.setAsDefaultProtocolClient(LINK_SCHEME, program, ['--']);
    else app.setAsDefaultProtocolClient(LINK_SCHEME);
  } catch (err) {
    log.warn({ err }, 'join links will not open this app');
  }
}

/**
 * An AppImage or an unpacked archive has nobody who writes its entry; a package has. Electron's own call is not used: it waits for a script,
 * with everything else standing still, and finds no entry where nobody wrote one.
 */
async function registerOnLinux(probe: Probe, options: LoginOptions): Promise<void> {
  const { env, home } = options;
  const shared = env['XDG_DATA_DIRS'] || '/usr/local/share:/usr/share';
  const installed = shared.split(':').filter((folder) => folder.startsWith('/'));
  for (const folder of installed) if (await isThere(join(folder, 'applications', ENTRY))) return;
  const file = join(env['XDG_DATA_HOME'] || join(home, '.local/share'), 'applications', ENTRY);
  const entry = linkEntry(programToStart(options));
  if ((await readIfThere(file)) === entry) return;
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, entry);
  await probe('xdg-mime', ['default', ENTRY, `x-scheme-handler/${LINK_SCHEME}`]);
}

async function isThere(file: string): Promise<boolean> {
  return (await readIfThere(file).catch(() => '')) !== undefined;
}

function linkEntry(program: string): string {
  return desktopEntry({
    Type: 'Application',
    Name: 'Potluck',
    Exec: execOf(program, '%u'),
    TryExec: program,
    Icon: 'potluck',
    Terminal: 'false',
    NoDisplay: 'true',
    MimeType: `x-scheme-handler/${LINK_SCHEME};`,
  });
}
