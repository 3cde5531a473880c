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
}

/** A window without a page. */
export class BaseWindowDouble extends EventEmitter {
  readonly options: Electron.BaseWindowConstructorOptions;
  destroyed = false;
  visible: boolean;
  minimised = false;
  focused = false;
  protected bounds: Electron.Rectangle;
  readonly #world: WindowWorld;

  constructor(world: WindowWorld, options: Electron.BaseWindowConstructorOptions = {}) {
    super();
    this.#world = world;
    this.options = options;
    this.visible = options.show !== false;
    const { x = 100, y = 100, width = 800, height = 600 } = options;
    this.bounds = { x, y, width, height };
    world.app.windows.add(this);
  }

  getBounds(): Electron.Rectangle {
    return { ...this.bounds };
  }

  /** What the person does with the mouse. */
  place(bounds: Partial<Electron.Rectangle>): void {
    this.bounds = { ...this.bounds, ...bounds };
    this.emit('resize');
    this.emit('move');
  }

  isMinimized(): boolean {
    return this.minimised;
  }

  isMaximized(): boolean {
    return false;
  }

  isDestroyed(): boolean {
    return this.destroyed;
  }

  minimize(): void {
    this.minimised = true;
    this.emit('minimize');
  }

  restore(): void {
    this.minimised = false;
    this.emit('restore');
  }

  show(): void {
    this.visible = true;
    this.minimised = false;
    this.emit('show');
  }

  focus(): void {
    this.focused = true;
  }

  /** Asks it to close, as the cross in its corner does. */
  close(): void {
    const event = new PreventableEvent();
    this.emit('close', event);
    if (!event.defaultPrevented) this.destroy();
  }

  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.#world.app.windows.delete(this);
    this.emit('closed');
    if (this.#world.app.windows.size === 0) this.#world.app.emit('window-all-closed');
  }
}

/** What a page is confined by, for tests to look at. */
export class SessionDouble
  implements Pick<Electron.Session, 'setPermissionCheckHandler' | 'setPermissionRequestHandler'>
{
  permissionCheck: unknown;
  permissionRequest: ((...args: never[]) => void) | null = null;

  setPermissionRequestHandler(handler: ((...args: never[]) => void) | null): void {
    this.permissionRequest = handler;
  }

  setPermissionCheckHandler(handler: unknown): void {
    this.permissionCheck = handler;
  }
}

/** The page of a window, seen from the main process. */
export class WebContentsDouble
  extends EventEmitter
  implements Pick<Electron.WebContents, 'send' | 'setWindowOpenHandler'>
{
  readonly session = new SessionDouble() as unknown as Electron.Session;
  openHandler: ((details: Electron.HandlerDetails) => Electron.WindowOpenHandlerResponse) | undefined;
  page: Page | undefined;
  readonly #sent: { channel: string; args: unknown[] }[] = [];

  send(channel: string, ...args: unknown[]): void {
    if (this.page === undefined) this.#sent.push({ channel, args });
    else this.page.send(channel, structuredClone(args));
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
  readonly webContents = new WebContentsDouble();
  readonly #host: WindowWorld;
  #url = '';

  constructor(world: WindowWorld, options: Electron.BrowserWindowConstructorOptions = {}) {
    super(world, options);
    this.#host = world;
  }

  async loadURL(url: string): Promise<void> {
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
    this.webContents.shown(page);
    this.emit('ready-to-show');
  }

  /** A call of the page; `frame` tells of another frame than the page's own. */
  invoke(
    channel: string,
    args: readonly unknown[],
    frame: Partial<{ url: string; origin: string; parent: unknown }> = {},
  ): Promise<unknown> {
    const url = frame.url ?? this.#url;
    const senderFrame = { url, origin: originOf(url), parent: null, ...frame };
    const event = { sender: this.webContents, senderFrame } as unknown as Electron.IpcMainInvokeEvent;
    return this.#host.ipcMain.invoke(event, channel, args);
  }

  override place(bounds: Partial<Electron.Rectangle>): void {
    super.place(bounds);
    this.webContents.page?.resize(this.bounds.width, this.bounds.height);
  }

  override destroy(): void {
    void this.webContents.page?.close();
    super.destroy();
  }
}

/** Of a scheme with origins, which Node's URL does not know for one. */
function originOf(url: string): string {
  if (!URL.canParse(url)) return 'null';
  const { protocol, host } = new URL(url);
  return `${protocol}//${host}`;
}
