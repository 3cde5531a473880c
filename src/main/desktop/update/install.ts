import { access, chmod, constants, copyFile, open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { syncFolder } from '../../../engine/base/atomic-file.ts';
import { PotluckError } from '../../../engine/base/errors.ts';
import type { InstallerFormat } from '../../../engine/protocol/installers.ts';
import type { Last } from '../quit.ts';
import { refused, unwritable } from './feed.ts';
import { isGenuineNow, sha256Of, type VerifiedFile } from './verify.ts';

/** What installing needs of the system and of the app around it. */
export interface InstallBorder {
  /** Leaves as the person wants it, warm or cold, and calls `last` when everything is closed, just before the process ends. Resolves at once. */
  quit(last: Last): void;
  /** Starts a program that outlives this one. Synchronous. */
  launch(file: string, args: readonly string[]): void;
  /** Starts the app again from this image when this process has ended. */
  startImage(image: string): void;
  /** The file is another by now: nothing of it was run, and the app as it is starts again when this process has ended. */
  changed(file: string): void;
  /** macOS only: whether the running app is signed, which Squirrel.Mac asks for, and handing it a zip. */
  readonly mac?: { isSigned(): Promise<boolean>; prepare(zip: VerifiedFile): Promise<void>; quitAndInstall(): void };
}

/** One way in which this installation is brought up to date. */
export interface InstallMethod {
  /** Which file of a release it wants. */
  readonly format: InstallerFormat;
  /** False where this user may not, so that an administrator has to. */
  possible(): Promise<boolean>;
  /** Installs a file, verifies it once more on the way, and ends the app. Rejects with what kept it from that. */
  install(file: VerifiedFile): Promise<void>;
}

/** What tells one kind of installation from another. */
export interface Installation {
  readonly platform: NodeJS.Platform;
  readonly execPath: string;
  /** Path of the image, where this program runs from one. */
  readonly appImage: string | undefined;
}

/** How this installation is updated; undefined: by who installed it (deb, rpm, tar.gz, MSI, unsigned on macOS). */
export async function installMethod(
  installation: Installation,
  border: InstallBorder,
): Promise<InstallMethod | undefined> {
  const { platform, execPath, appImage } = installation;
  if (platform === 'linux' && appImage !== undefined) return new AppImageMethod(border, appImage);
  if (platform === 'win32' && (await isThere(uninstallerOf(execPath)))) return new NsisMethod(border);
  if (platform === 'darwin' && border.mac !== undefined && (await border.mac.isSigned())) {
    return new SquirrelMethod(border, border.mac);
  }
  return undefined;
}

/** The per-user installer leaves an uninstaller beside the program; the MSI has its own in Windows. */
function uninstallerOf(execPath: string): string {
  return join(dirname(execPath), `Uninstall ${basename(execPath)}`);
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** Windows: the installer runs silently once the app has ended, and starts it again. */
class NsisMethod implements InstallMethod {
  readonly format = 'exe';
  readonly #border: InstallBorder;

  constructor(border: InstallBorder) {
    this.#border = border;
  }

  possible(): Promise<boolean> {
    return Promise.resolve(true);
  }

  async install(file: VerifiedFile): Promise<void> {
    this.#border.quit(() => {
      // Downloads may have been running for minutes since the click.
      if (isGenuineNow(file)) this.#border.launch(file.path, ['--updated', '/S', '--force-run']);
      else this.#border.changed(file.path);
    });
  }
}

/** Linux: the new image takes the old one's place in one step, under the name that menus and autostart know. */
class AppImageMethod implements InstallMethod {
  readonly format = 'AppImage';
  readonly #border: InstallBorder;
  readonly #image: string;

  constructor(border: InstallBorder, image: string) {
    this.#border = border;
    this.#image = image;
  }

  async possible(): Promise<boolean> {
    return access(dirname(this.#image), constants.W_OK).then(
      () => true,
      () => false,
    );
  }

  async install({ path, sha256 }: VerifiedFile): Promise<void> {
    // One name for all attempts: what a loss of power left of an earlier one is written over.
    const beside = join(dirname(this.#image), `.${basename(this.#image)}.new`);
    try {
      const { mode } = await stat(this.#image);
      await rm(beside, { force: true });
      await copyFile(path, beside, constants.COPYFILE_EXCL);
      if ((await sha256Of(beside)) !== sha256) throw refused('the downloaded file was changed');
      await chmod(beside, (mode & 0o777) | 0o500);
      await sync(beside);
      await rename(beside, this.#image);
      await syncFolder(dirname(this.#image));
    } catch (error) {
      await rm(beside, { force: true }).catch(() => undefined); // the first error is the one that matters
      throw error instanceof PotluckError ? error : unwritable(this.#image, error);
    }
    this.#border.quit(() => {
      this.#border.startImage(this.#image);
    });
  }
}

async function sync(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** macOS: Squirrel.Mac checks that the new app has the old one's signer, and exchanges the two. */
class SquirrelMethod implements InstallMethod {
  readonly format = 'zip';
  readonly #border: InstallBorder;
  readonly #mac: NonNullable<InstallBorder['mac']>;

  constructor(border: InstallBorder, mac: NonNullable<InstallBorder['mac']>) {
    this.#border = border;
    this.#mac = mac;
  }

  possible(): Promise<boolean> {
    return Promise.resolve(true);
  }

  async install(file: VerifiedFile): Promise<void> {
    await this.#mac.prepare(file);
    this.#border.quit(() => {
      this.#mac.quitAndInstall();
      return 'leaves';
    });
  }
}
