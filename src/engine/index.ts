/** The public face of the engine: what the programs in src/main use, and nothing else. */
export { ControlClient, type ControlClientOptions } from './client/api.ts';
export { type GetOptions, type GetProgress, type GetResult, get, type SourceReport } from './client/get.ts';
export { startManager } from './manager/manager.ts';
export { startPeer } from './peer/peer.ts';
