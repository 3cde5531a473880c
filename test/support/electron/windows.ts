import { EventEmitter } from 'node:events';
import { type AppDouble, PreventableEvent } from './app.ts';
import type { IpcMainDouble } from './ipc.ts';
import type { Page, PageHost } from './page.ts';
import type { ProtocolDouble } from './protocol.ts';

/** What windows of one app share. */
export interface WindowWorld {
  readonly app: AppDouble;
  readonly ipcMain: IpcMainDouble;
  readonly protocol: ProtocolDouble;
  readonly host: PageHost;
  readonly dark: () => boolean;
  /** A window that is hidden draws nothing, so that it is never ready to be shown. */
  readonly wayland: boolean;
  /** Every window's pages are of one session. */
  readonly session: SessionDouble;
}

/** A window without a page. */
export class BaseWindowDouble extends EventEmitter {
  readonly options: Electron.BaseWindowConstructorOptions;
  destroyed = false;
  visible: boolean;
  minimised = false;
  maximised = false;
  /** What it was told by the app, not by the person. */
  readonly moves: Partial<Electron.Rectangle>[] = [];
  focused = false;
  bounds: Electron.Rectangle;
  readonly #world: WindowWorld;

  constructor(world: WindowWorld, options: Electron.BaseWindowConstructorOptions = {}) {
    world.app.needReady('Cannot create a window');
    super();
    this.#world = world;
    this.options = options;
    this.visible = options.show !== false;
    const { x = 100, y = 100, width = 800, height = 600 } = options;
    this.bounds = { x, y, width, height };
    world.app.windows.add(this);
  }

  /** Throws as Electron where the window is gone. */
  protected alive(): void {
    if (this.destroyed) throw new TypeError('Object has been destroyed');
  }

  getBounds(): Electron.Rectangle {
    this.alive();
    return { ...this.bounds };
  }

  isVisible(): boolean {
    this.alive();
    return this.visible && !this.minimised;
  }

  /** What the person does with the mouse. */
  place(bounds: Partial<Electron.Rectangle>): void {
    this.bounds = { ...this.bounds, ...bounds };
    this.emit('resize');
    this.emit('move');
  }

  isMinimized(): boolean {
    this.alive();
    return this.minimised;
  }

  isMaximized(): boolean {
    this.alive();
    return this.maximised;
  }

  /** Where it stands when it fills nothing. */
  getNormalBounds(): Electron.Rectangle {
    return this.getBounds();
  }

  setBounds(bounds: Partial<Electron.Rectangle>): void {
    this.moves.push(bounds);
    this.place(bounds);
  }

  maximize(): void {
    this.maximised = true;
    this.visible = true;
    this.emit('maximize');
    this.emit('resize');
  }

  isDestroyed(): boolean {
    return this.destroyed;
  }

  minimize(): void {
    this.alive();
    this.minimised = true;
    this.emit('minimize');
  }

  restore(): void {
    this.alive();
    this.minimised = false;
    this.emit('restore');
  }

  /** Does not bring back what is minimised. */
  show(): void {
    this.alive();
    this.visible = true;
    this.emit('show');
  }

  showInactive(): void {
    this.visible = true;
    this.minimised = false;
    this.emit('show');
  }

  focus(): void {
    this.alive();
    this.focused = true;
  }

  /** Asks it to close, as the cross in its corner does. */
  close(): void {
    this.alive();
    const event = new PreventableEvent();
    this.emit('close', event);
    if (!event.defaultPrevented) this.destroy();
  }

  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.#world.app.windows.delete(this);
    this.emit('closed');
    this.#world.app.windowGone();
  }
}

/** What a page is confined by, for tests to look at. */
export class SessionDouble
  extends EventEmitter
  implements
    Pick<
      Electron.Session,
      | 'setDevicePermissionHandler'
      | 'setPermissionCheckHandler'
      | 'setPermissionRequestHandler'
      | 'setSpellCheckerEnabled'
    >
{
  permissionCheck: unknown;
  devicePermission: unknown;
  spellChecker = true;
  /** What is asked before a request of these addresses goes out. */
  blocker: { readonly urls: readonly string[]; readonly ask: (...args: never[]) => void } | undefined;
  readonly webRequest = {
    onBeforeRequest: ({ urls }: Electron.WebRequestFilter, ask: (...args: never[]) => void) => {
      this.blocker = { urls, ask };
    },
  };
  permissionRequest: ((...args: never[]) => void) | null = null;

  setPermissionRequestHandler(handler: ((...args: never[]) => void) | null): void {
    this.permissionRequest = handler;
  }

  setPermissionCheckHandler(handler: unknown): void {
    this.permissionCheck = handler;
  }

  setDevicePermissionHandler(handler: unknown): void {
    this.devicePermission = handler;
  }

  setSpellCheckerEnabled(enable: boolean): void {
    this.spellChecker = enable;
  }
}

/** The page of a window, seen from the main process. */
export class WebContentsDouble
  extends EventEmitter
  implements Pick<Electron.WebContents, 'send' | 'setWindowOpenHandler'>
{
  readonly session: Electron.Session;
  openHandler: ((details: Electron.HandlerDetails) => Electron.WindowOpenHandlerResponse) | undefined;
  page: Page | undefined;
  destroyed = false;
  readonly #sent: { channel: string; args: unknown[] }[] = [];

  constructor(session: SessionDouble) {
    super();
    this.session = session as unknown as Electron.Session;
  }

  /** Throws where the page is gone, and where something cannot be copied. */
  send(channel: string, ...given: unknown[]): void {
    if (this.destroyed) throw new TypeError('Object has been destroyed');
    const args = structuredClone(given);
    if (this.page === undefined) this.#sent.push({ channel, args });
    else this.page.send(channel, args);
  }

  setWindowOpenHandler(handler: WebContentsDouble['openHandler']): void {
    this.openHandler = handler;
  }

  shown(page: Page): void {
    this.page = page;
    for (const { channel, args } of this.#sent.splice(0)) page.send(channel, args);
  }
}

/** A window with a page, which its world's host shows. */
export class BrowserWindowDouble extends BaseWindowDouble {
  declare readonly options: Electron.BrowserWindowConstructorOptions;
  readonly #contents: WebContentsDouble;
  readonly #host: WindowWorld;
  #url = '';
  #drawn = false;

  constructor(world: WindowWorld, options: Electron.BrowserWindowConstructorOptions = {}) {
    super(world, options);
    this.#host = world;
    this.#contents = new WebContentsDouble(world.session);
  }

  get webContents(): WebContentsDouble {
    this.alive();
    return this.#contents;
  }

  async loadURL(url: string): Promise<void> {
    this.alive();
    this.#url = url;
    const { host, protocol, dark } = this.#host;
    const page = await host.open({
      url,
      preload: this.options.webPreferences?.preload ?? '',
      width: this.bounds.width,
      height: this.bounds.height,
      dark: dark(),
      serve: (request) => protocol.answer(request),
      invoke: (channel, args) => this.invoke(channel, args),
    });
    if (this.destroyed) return page.close();
    this.#contents.shown(page);
    this.#drawn = true;
    this.#contents.emit('did-finish-load');
    if (!this.#host.wayland || this.visible) this.emit('ready-to-show');
  }

  override show(): void {
    const first = this.#host.wayland && this.#drawn && !this.visible;
    super.show();
    if (first) this.emit('ready-to-show');
  }

  /** A call of the page; `frame` tells of another frame than the page's own, null of one that is gone already. */
  invoke(
    channel: string,
    args: readonly unknown[],
    frame: Partial<{ url: string; origin: string; parent: unknown; detached: boolean }> | null = {},
  ): Promise<unknown> {
    const url = frame?.url ?? this.#url;
    const senderFrame = { url, origin: originOf(url), parent: null, detached: false, ...frame };
    const event = {
      sender: this.#contents,
      senderFrame: frame === null ? null : senderFrame,
    } as unknown as Electron.IpcMainInvokeEvent;
    return this.#host.ipcMain.invoke(event, channel, args);
  }

  override place(bounds: Partial<Electron.Rectangle>): void {
    super.place(bounds);
    this.#contents.page?.resize(this.bounds.width, this.bounds.height);
  }

  override destroy(): void {
    void this.#contents.page?.close();
    this.#contents.destroyed = true;
    super.destroy();
  }
}

/** Of a scheme with origins, which Node's URL does not know for one. */
function originOf(url: string): string {
  if (!URL.canParse(url)) return 'null';
  const { protocol, host } = new URL(url);
  return `${protocol}//${host}`;
}
