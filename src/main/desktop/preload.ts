import { contextBridge, ipcRenderer } from 'electron';
import type { DesktopBridge, DesktopState } from '../../engine/protocol/desktop.ts';
import { CALL_CHANNEL, STATE_CHANNEL } from '../../engine/protocol/desktop-channels.ts';

/**
 * The whole of what the window can do: calls, whose names and payloads the main process checks, and the state that comes from there.
 * The event of a message stays on this side, because it leads to ipcRenderer.
 */
const bridge: DesktopBridge = {
  call: (name, payload) => ipcRenderer.invoke(CALL_CHANNEL, name, payload),
  onState: (listener) => {
    const receive = (_event: unknown, state: DesktopState) => listener(state);
    ipcRenderer.on(STATE_CHANNEL, receive);
    return () => {
      ipcRenderer.off(STATE_CHANNEL, receive);
    };
  },
};

contextBridge.exposeInMainWorld('potluck', bridge);
