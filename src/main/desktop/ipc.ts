import { Check } from 'typebox/value';
import { asPotluckError } from '../../engine/base/errors.ts';
import type { Log } from '../../engine/base/log.ts';
import {
  APP_ORIGIN,
  CALL_CHANNEL,
  CALLS,
  type CallAnswer,
  type CallName,
  type CallPayload,
  type CallResult,
} from '../../engine/protocol/desktop.ts';
import type { ElectronPieces } from './pieces.ts';

/** What answers each call of the window. What it throws is answered as a problem. */
export type CallHandlers = {
  readonly [Name in CallName]: (payload: CallPayload<Name>) => CallAnswer<Name> | Promise<CallAnswer<Name>>;
};

export interface IpcCollaborators {
  readonly ipcMain: Pick<ElectronPieces['ipcMain'], 'handle' | 'removeHandler'>;
  readonly log: Log;
  /** The window that may call; undefined while there is none. */
  readonly sender: () => Electron.WebContents | undefined;
  readonly handlers: CallHandlers;
}

/** The one channel on which the window calls. What comes from elsewhere, or is not of the agreed form, is dropped and logged. */
export class Ipc {
  readonly #with: IpcCollaborators;

  constructor(collaborators: IpcCollaborators) {
    this.#with = collaborators;
  }

  start(): void {
    this.#with.ipcMain.handle(CALL_CHANNEL, (event, name: unknown, payload: unknown) =>
      this.#answer(event, name, payload),
    );
  }

  close(): void {
    this.#with.ipcMain.removeHandler(CALL_CHANNEL);
  }

  async #answer(event: Electron.IpcMainInvokeEvent, name: unknown, payload: unknown): Promise<unknown> {
    if (!this.#isOurs(event)) return this.#refuse({ from: event.senderFrame?.url ?? 'a frame that is gone' });
    if (typeof name !== 'string' || !isCall(name)) return this.#refuse({ call: String(name).slice(0, 40) });
    if (!Check(CALLS[name], payload)) return this.#refuse({ call: name });
    return this.#run(name, payload as CallPayload<typeof name>);
  }

  /** Our window, its outermost frame, still in it, showing our page: none of these follows from another. */
  #isOurs({ sender, senderFrame }: Electron.IpcMainInvokeEvent): boolean {
    if (sender !== this.#with.sender() || senderFrame === null) return false;
    if (senderFrame.detached || senderFrame.parent !== null) return false;
    return URL.canParse(senderFrame.url) && senderFrame.origin === APP_ORIGIN;
  }

  async #run<Name extends CallName>(name: Name, payload: CallPayload<Name>): Promise<CallResult<Name>> {
    try {
      return { ok: true, value: await this.#with.handlers[name](payload) };
    } catch (error) {
      const known = asPotluckError(error);
      this.#with.log.warn({ call: name, err: error }, 'a call of the window failed');
      return { ok: false, problem: { code: known.code, message: known.message } };
    }
  }

  #refuse(fields: object): never {
    this.#with.log.warn(fields, 'a message that is not our window’s was dropped');
    throw new Error('this message is not understood');
  }
}

function isCall(name: string): name is CallName {
  return Object.hasOwn(CALLS, name);
}
