import { EventEmitter } from 'node:events';
import { join, resolve } from 'node:path';
import { startPeer } from '../../../src/engine/index.ts';
import type {
  CallAnswer,
  CallName,
  CallPayload,
  CallResult,
  DesktopState,
} from '../../../src/engine/protocol/desktop.ts';
import { CALL_CHANNEL, STATE_CHANNEL } from '../../../src/engine/protocol/desktop-channels.ts';
import { type DesktopApp, startDesktop } from '../../../src/main/desktop/app.ts';
import type { Surroundings } from '../../../src/main/desktop/surroundings.ts';
import { noUpdates } from '../../../src/main/desktop/updates.ts';
import { Desktop } from '../../support/electron/app.ts';
import { ElectronDouble } from '../../support/electron/double.ts';
import { MemoryHost, type PageHost } from '../../support/electron/page.ts';
import { eventually, freePort, type TempFolder, tempFolder } from '../../support/program.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const LINUX_WITH_TRAY = '(<true>,)\n';

/** What a program prints; undefined where it is not there. */
type Answer = string | undefined;

export interface DeskOptions {
  readonly argv?: readonly string[];
  /** Folder of the app's data; a fresh one where not given. */
  readonly folder?: string;
  readonly desktop?: Desktop;
  readonly platform?: Surroundings['platform'];
  readonly languages?: readonly string[];
  /** What programs of the system answer, by their name; the first that the app asks for is the tray's. */
  readonly probes?: Readonly<Record<string, (args: readonly string[]) => Answer | Promise<Answer>>>;
  readonly clock?: Surroundings['clock'];
  readonly quitDeadline?: number;
  /** Turns Electron's double before the app starts. */
  readonly prepare?: (electron: ElectronDouble) => void;
  readonly startPeer?: Surroundings['startPeer'];
  /** None where not given. */
  readonly makeUpdates?: Surroundings['makeUpdates'];
  /** Shows the window's page; in memory only where not given. */
  readonly host?: PageHost;
  /** Folder of the built page, and file of the built preload script. */
  readonly page?: string;
  readonly preload?: string;
  /** Managers are looked for on the networks of this machine, as the installed app does it; nobody answers where not given. */
  readonly systemNetworks?: boolean;
  /** Where managers are looked for instead. */
  readonly multicast?: Surroundings['multicast'];
}

/** The real main process with the real engine, and a double of Electron around it. What a person would do goes through tray and window. */
export class Desk implements AsyncDisposable {
  readonly electron: ElectronDouble;
  readonly folder: string;
  readonly process = new EventEmitter();
  readonly #own: TempFolder | undefined;
  readonly #options: DeskOptions;
  #app: DesktopApp | undefined;

  constructor(options: DeskOptions = {}) {
    this.#own = options.folder === undefined ? tempFolder('potluck-desk-') : undefined;
    this.folder = options.folder ?? this.#own?.path ?? '';
    this.#options = options;
    const { argv = [], languages = ['en-GB'], desktop = new Desktop() } = options;
    const host = options.host ?? new MemoryHost();
    this.electron = new ElectronDouble({ userData: this.folder, argv, languages, desktop, host });
    options.prepare?.(this.electron);
  }

  /** Starts the app as a person does, and waits for its page. */
  static async start(options: DeskOptions = {}): Promise<Desk> {
    const desk = new Desk(options);
    await desk.run();
    return desk;
  }

  /** False where another one runs already. */
  async run(): Promise<boolean> {
    this.#app = await startDesktop(this.electron.pieces, await this.#surroundings());
    const inMemory = this.electron.host instanceof MemoryHost;
    if (inMemory && this.#app !== undefined && this.electron.windows.length > 0) await this.call('ready', null);
    return this.#app !== undefined;
  }

  get state(): DesktopState {
    if (this.#app === undefined) throw new Error('the app does not run');
    return this.#app.state;
  }

  /** The page of the open window. */
  get page() {
    return (this.electron.host as MemoryHost).page;
  }

  /** What the page was told last. */
  get shown(): DesktopState {
    const last = this.page.received.findLast(({ channel }) => channel === STATE_CHANNEL);
    if (last === undefined) throw new Error('the page was told nothing');
    return last.args[0] as DesktopState;
  }

  /** A call of the page, answered. */
  async ask<Name extends CallName>(name: Name, payload: CallPayload<Name>): Promise<CallResult<Name>> {
    await eventually(() => (this.electron.host as MemoryHost).pages.length > 0);
    return (await this.page.request.invoke(CALL_CHANNEL, [name, payload])) as CallResult<Name>;
  }

  /** A call of the page that must go well. */
  async call<Name extends CallName>(name: Name, payload: CallPayload<Name>): Promise<CallAnswer<Name>> {
    const answer = await this.ask(name, payload);
    if (!answer.ok) throw new Error(`${name}: ${answer.problem.code} ${answer.problem.message}`);
    return answer.value;
  }

  /** Joins the manager at an address, and waits until it shares. */
  async share(manager: string): Promise<this> {
    await this.call('join', { url: manager });
    await this.until(({ app }) => app === 'sharing');
    return this;
  }

  /** Waits until the state is so. */
  async until(look: (state: DesktopState) => boolean, timeout = 15_000): Promise<DesktopState> {
    try {
      return await eventually(() => look(this.state) && this.state, timeout, 20);
    } catch {
      const { app, problem, peer, holds } = this.state;
      throw new Error(`not so: ${JSON.stringify({ app, problem, holds, peer, look: look.toString() })}`);
    }
  }

  /** Waits for an entry of the tray's menu, and clicks it. */
  async click(label: string): Promise<void> {
    const menu = await eventually(() => {
      const { menu: present } = this.electron.tray;
      return present?.labels.includes(label) === true && present;
    });
    menu.click(label);
  }

  /** The port of a first start is a free one: the usual one may be taken by whatever runs here. */
  async #surroundings(): Promise<Surroundings> {
    const {
      argv = [],
      platform = 'linux',
      probes = {},
      clock = realClock,
      quitDeadline,
      systemNetworks,
      multicast,
    } = this.#options;
    const usual: DeskOptions['probes'] = { gdbus: () => LINUX_WITH_TRAY };
    const answers = { ...usual, ...probes };
    return {
      argv,
      env: { XDG_CONFIG_HOME: join(this.folder, 'config') },
      platform,
      program: '/opt/Potluck/potluck',
      relaunch: { args: ['--hidden'] },
      home: this.folder,
      release: true,
      version: '0.1.0',
      preload: this.#options.preload ?? '/preload.cjs',
      page: this.#options.page ?? join(ROOT, 'src/renderer'),
      images: join(ROOT, 'assets'),
      process: this.process,
      probe: (program, args) => Promise.resolve(answers[program]?.(args)),
      clock,
      startPeer: this.#options.startPeer ?? startPeer,
      // Nobody answers there: managers are named by their address.
      ...(systemNetworks === true
        ? {}
        : { multicast: multicast ?? { interfaces: ['127.0.0.1'], port: await freePort() } }),
      makeUpdates: this.#options.makeUpdates ?? (() => Promise.resolve(noUpdates('no-key'))),
      ...(quitDeadline === undefined ? {} : { quitDeadline }),
    };
  }

  /** Stops it as `Quit` does, but cold. */
  async stop(): Promise<void> {
    await this.#app?.stop();
    this.#app = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    this.#own?.remove();
  }
}

const realClock = { now: () => Date.now(), monotonic: () => performance.now() };
