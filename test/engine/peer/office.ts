import { get, type IncomingMessage } from 'node:http';
import { silentLog } from '../../../src/engine/base/log.ts';
import type { FaceOptions, RunningNode } from '../../../src/engine/base/running.ts';
import type { PeerOptions, PeerSnapshot, RunningPeer } from '../../../src/engine/base/running-peer.ts';
import type { ManagerSettings, PeerSettings } from '../../../src/engine/base/settings.ts';
import { loadSettings } from '../../../src/engine/base/settings-load.ts';
import { startManager } from '../../../src/engine/manager/manager.ts';
import { startPeer } from '../../../src/engine/peer/peer.ts';
import { eventually, type TempFolder, tempFolder } from '../../support/help.ts';
import { Origin } from '../../support/origin.ts';
import type { OriginFile } from '../../support/origin-file.ts';

const QUIET = ['--headless', '--no-mdns', '--memory', '64M', '--disk', '0', '--control', 'off'];

/** What a face is given that nobody watches. */
export function faceOptions(): FaceOptions {
  return { log: silentLog, access: { record: () => undefined }, signal: new AbortController().signal };
}

/** An origin, its manager and any number of peers, all in this process, on real ports of 127.0.0.1. */
export class Office implements AsyncDisposable {
  readonly origin: Origin;
  readonly #folders: TempFolder[] = [];
  readonly #state: string;
  readonly #peers: RunningPeer[] = [];
  readonly #managerArgs: readonly string[];
  #manager: RunningNode | undefined;

  private constructor(files: Record<string, OriginFile>, managerArgs: readonly string[]) {
    this.origin = new Origin({ files });
    this.#managerArgs = managerArgs;
    this.#state = this.folder();
  }

  static async open(files: Record<string, OriginFile> = {}, managerArgs: readonly string[] = []): Promise<Office> {
    const office = new Office(files, managerArgs);
    await office.origin.start();
    await office.startManager();
    return office;
  }

  /** Base URL of the manager. */
  get url(): string {
    if (this.#manager === undefined) throw new Error('there is no manager');
    return this.#manager.ready.data;
  }

  /** `port`: where it listens; a free one where not given. */
  async startManager(port = 0, state = this.#state): Promise<RunningNode> {
    const args = ['--manager', '--mirror', this.origin.url, '--listen', `127.0.0.1:${port}`, '--state', state];
    const settings = load([...args, ...this.#managerArgs]) as ManagerSettings;
    this.#manager = await startManager(settings, faceOptions());
    return this.#manager;
  }

  async stopManager(): Promise<void> {
    await this.#manager?.close();
    this.#manager = undefined;
  }

  /** A folder of this test's. */
  folder(): string {
    const folder = tempFolder('potluck-office-');
    this.#folders.push(folder);
    return folder.path;
  }

  settings(args: readonly string[] = [], changes: Partial<PeerSettings> = {}): PeerSettings {
    const upstream = changes.upstream ?? this.url;
    const own = ['--peer', '--upstream', upstream, '--listen', '127.0.0.1:0', '--state', this.folder()];
    return { ...(load([...own, ...args]) as PeerSettings), ...changes };
  }

  /** Rejects as startPeer does. */
  async peer(settings = this.settings(), options: PeerOptions = faceOptions()): Promise<RunningPeer> {
    const peer = await startPeer(settings, options);
    this.#peers.push(peer);
    return peer;
  }

  /** A peer that gets downloads. */
  async sharing(settings = this.settings()): Promise<RunningPeer> {
    const peer = await this.peer(settings);
    await inState(peer, 'sharing');
    return peer;
  }

  /** Begins a GET at the manager and follows where it sends the client. */
  download(path: string): Promise<IncomingMessage> {
    return follow(this.url + path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#peers.map((peer) => peer.close()));
    await this.stopManager();
    await this.origin.close();
    for (const folder of this.#folders) folder.remove();
  }
}

function load(args: readonly string[]): ManagerSettings | PeerSettings {
  const around = { env: {}, cwd: process.cwd(), platform: process.platform };
  const { settings } = loadSettings([...QUIET, ...args], around);
  if (settings.face === 'store') throw new Error('no store here');
  return settings;
}

function follow(url: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false }, (response) => {
      const { location } = response.headers;
      if (location === undefined) return resolve(response);
      response.resume();
      resolve(follow(new URL(location, url).href));
    });
    request.on('error', reject);
  });
}

/** Reads a body to its end; how long it was. */
export async function lengthOf(response: IncomingMessage): Promise<number> {
  let bytes = 0;
  for await (const chunk of response) bytes += (chunk as Buffer).length;
  return bytes;
}

/** Waits until a peer says so of itself. */
export async function inState(peer: RunningPeer, state: PeerSnapshot['state']): Promise<PeerSnapshot> {
  return await eventually(() => {
    const snapshot = peer.snapshot();
    if (snapshot.state !== state) throw new Error(`it is ${snapshot.state} (${snapshot.trouble}), not ${state}`);
    return snapshot;
  });
}
