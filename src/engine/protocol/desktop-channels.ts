/**
 * Name of the one channel for calls, `ipcRenderer.invoke(CALL_CHANNEL, name, payload)`, and of the one on which the state comes,
 * `ipcRenderer.on(STATE_CHANNEL, (event, state) => ...)`. Apart from `desktop.ts`, so that the preload does not bring the schemas along.
 */
export const CALL_CHANNEL = 'potluck:call';
export const STATE_CHANNEL = 'potluck:state';
