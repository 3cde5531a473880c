import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { PotluckError } from '../../../engine/base/errors.ts';
import type { Probe } from '../probe.ts';
import { refused } from './feed.ts';
import type { InstallBorder } from './install.ts';
import type { VerifiedFile } from './verify.ts';

/** What macOS may take to unpack and check the new app, milliseconds. */
const PATIENCE = 10 * 60_000;

type AutoUpdater = Pick<
  typeof import('electron').autoUpdater,
  'setFeedURL' | 'checkForUpdates' | 'quitAndInstall' | 'once' | 'off'
>;

/** The bundle of a program of macOS: `/Applications/Potluck.app` of `.../Potluck.app/Contents/MacOS/Potluck`. */
function bundleOf(execPath: string): string {
  return execPath.replace(/\/Contents\/MacOS\/[^/]+$/, '');
}

/** What `codesign -d -r-` says of a program that Apple's authority stands behind; one that was signed ad hoc names its own hash only. */
export function hasSigner(requirement: string): boolean {
  return /^designated => .*\banchor apple\b/m.test(requirement);
}

/**
 * Squirrel.Mac, as Electron has it. It downloads by itself and takes nothing but a URL, so it is given the zip that was verified from a
 * server on loopback, under a name that nobody can guess, for as long as it takes.
 */
export class SquirrelMac implements NonNullable<InstallBorder['mac']> {
  readonly #updater: AutoUpdater;
  readonly #probe: Probe;
  readonly #execPath: string;

  constructor(collaborators: { autoUpdater: AutoUpdater; probe: Probe }, options: { execPath: string }) {
    this.#updater = collaborators.autoUpdater;
    this.#probe = collaborators.probe;
    this.#execPath = options.execPath;
  }

  async isSigned(): Promise<boolean> {
    const said = await this.#probe('/usr/bin/codesign', ['-d', '-r-', bundleOf(this.#execPath)]);
    return said !== undefined && hasSigner(said);
  }

  /** Rejects with POTLUCK_UPDATE_FAILED, for example where the new app has another signer. */
  async prepare(zip: VerifiedFile): Promise<void> {
    const server = await serveOnce(zip);
    try {
      await this.#take(server.url);
    } catch (error) {
      throw new PotluckError('POTLUCK_UPDATE_FAILED', error instanceof Error ? error.message : String(error), {
        cause: error,
      });
    } finally {
      server.server.close();
      server.server.closeAllConnections();
    }
  }

  quitAndInstall(): void {
    this.#updater.quitAndInstall();
  }

  #take(url: string): Promise<void> {
    const updater = this.#updater;
    return new Promise((resolve, reject) => {
      const ready = () => end();
      const none = () => end(new Error('macOS found nothing to install'));
      const failed = (error: Error) => end(error);
      const timer = setTimeout(() => end(new Error('macOS took too long')), PATIENCE).unref();
      const end = (error?: Error) => {
        clearTimeout(timer);
        updater.off('update-downloaded', ready);
        updater.off('update-not-available', none);
        updater.off('error', failed);
        if (error === undefined) resolve();
        else reject(error);
      };
      updater.once('update-downloaded', ready);
      updater.once('update-not-available', none);
      updater.once('error', failed);
      try {
        updater.setFeedURL({ url });
        updater.checkForUpdates();
      } catch (error) {
        end(error instanceof Error ? error : new Error(String(error))); // Electron throws where the app is not signed
      }
    });
  }
}

/** The feed that Squirrel.Mac asks for (JSON with the URL of a zip), and the zip. */
async function serveOnce(zip: VerifiedFile): Promise<{ url: string; server: Server }> {
  const { size } = await stat(zip.path);
  const secret = randomBytes(16).toString('hex');
  const server = createServer((request, response) => {
    if (request.url === `/${secret}/feed`) {
      response.setHeader('Content-Type', 'application/json');
      response.end(JSON.stringify({ url: `http://${request.headers.host}/${secret}/app.zip` }));
    } else if (request.url === `/${secret}/app.zip`) {
      response.writeHead(200, { 'Content-Type': 'application/zip', 'Content-Length': size });
      pipeline(unchanged(zip), response).catch(() => response.destroy());
    } else {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/${secret}/feed`, server };
}

/** The bytes of the file; the last of them only if all are those that were verified. */
async function* unchanged({ path, sha256 }: VerifiedFile): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  let held: Buffer | undefined;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    if (held !== undefined) yield held;
    held = chunk;
  }
  if (hash.digest('hex') !== sha256) throw refused('the downloaded file was changed');
  if (held !== undefined) yield held;
}
