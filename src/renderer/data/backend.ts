import type { CallName, CallPayload, CallResult, DesktopBridge, DesktopState } from '../../engine/protocol/desktop.ts';

/** Where the window's data comes from and its calls go. Here it is the app's main process; the same views can stand on HTTP. */
export interface Backend {
  /** Never rejects: what goes wrong on the way is an answer too. */
  call<Name extends CallName>(name: Name, payload: CallPayload<Name>): Promise<CallResult<Name>>;
  /** The returned function ends it. */
  onState(listener: (state: DesktopState) => void): () => void;
}

/** The backend behind the preload's bridge. */
export function bridgeBackend(bridge: DesktopBridge): Backend {
  return {
    async call(name, payload) {
      try {
        return await bridge.call(name, payload);
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        return { ok: false, problem: { code: 'POTLUCK_INTERNAL', message } };
      }
    },
    onState: (listener) => bridge.onState(listener),
  };
}
