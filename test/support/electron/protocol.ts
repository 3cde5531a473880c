type Handler = (request: Request) => Response | Promise<Response>;

/** Electron's `protocol`: schemes of the app's own. */
export class ProtocolDouble implements Pick<Electron.Protocol, 'handle' | 'registerSchemesAsPrivileged' | 'unhandle'> {
  privileged: Electron.CustomScheme[] = [];
  readonly #handlers = new Map<string, Handler>();
  readonly #isReady: () => boolean;

  constructor(isReady: () => boolean) {
    this.#isReady = isReady;
  }

  registerSchemesAsPrivileged(schemes: Electron.CustomScheme[]): void {
    if (this.#isReady()) throw new Error('protocol.registerSchemesAsPrivileged should be called before app is ready');
    this.privileged = schemes;
  }

  handle(scheme: string, handler: Handler): void {
    if (!this.#isReady()) throw new Error('protocol can only be used after app is ready');
    this.#handlers.set(scheme, handler);
  }

  unhandle(scheme: string): void {
    this.#handlers.delete(scheme);
  }

  async answer(request: Request): Promise<Response> {
    const handler = this.#handlers.get(new URL(request.url).protocol.slice(0, -1));
    if (handler === undefined) throw new Error(`nobody answers ${request.url}`);
    return handler(request);
  }
}
