/** What a window tells whoever shows its page. */
export interface PageRequest {
  readonly url: string;
  /** File of the preload script. */
  readonly preload: string;
  readonly width: number;
  readonly height: number;
  readonly dark: boolean;
  /** Answers requests of the app's own scheme. */
  readonly serve: (request: Request) => Promise<Response>;
  /** `ipcRenderer.invoke` of the page's outermost frame. */
  readonly invoke: (channel: string, args: readonly unknown[]) => Promise<unknown>;
}

/** A page that is shown. */
export interface Page {
  /** A message of the main process, for `ipcRenderer.on`. */
  send(channel: string, args: readonly unknown[]): void;
  resize(width: number, height: number): void;
  dark(on: boolean): void;
  close(): Promise<void>;
}

/** Shows the pages of windows: in memory only, or in a real browser. */
export interface PageHost {
  open(request: PageRequest): Promise<Page>;
}

/** A page without a browser: it keeps what it is sent, and asks what it is told to. */
export class MemoryPage implements Page {
  readonly request: PageRequest;
  readonly received: { channel: string; args: unknown[] }[] = [];
  closed = false;
  #heard: () => void = () => undefined;

  constructor(request: PageRequest) {
    this.request = request;
  }

  send(channel: string, args: readonly unknown[]): void {
    if (this.closed) return;
    this.received.push({ channel, args: structuredClone([...args]) });
    this.#heard();
  }

  /** Calls `listener` at each message. */
  onMessage(listener: () => void): void {
    this.#heard = listener;
  }

  resize(): void {}

  dark(): void {}

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}

/** Keeps every page that was opened, the latest last. */
export class MemoryHost implements PageHost {
  readonly pages: MemoryPage[] = [];

  open(request: PageRequest): Promise<Page> {
    const page = new MemoryPage(request);
    this.pages.push(page);
    return Promise.resolve(page);
  }

  get page(): MemoryPage {
    const page = this.pages.at(-1);
    if (page === undefined || page.closed) throw new Error('no page is open');
    return page;
  }
}
