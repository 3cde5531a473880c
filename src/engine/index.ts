/** The public face of the engine: what the programs in src/main use, and nothing else. */
export type {
  HoldReason,
  KeyChange,
  PeerChanges,
  PeerDownload,
  PeerSnapshot,
  PeerState,
  PeerTotals,
  RunningPeer,
  TierUse,
} from './base/running-peer.ts';
export { ControlClient, type ControlClientOptions } from './client/api.ts';
export { type GetOptions, type GetProgress, type GetResult, get, type SourceReport } from './client/get.ts';
export { hashPassword } from './control/password.ts';
export { dropKept } from './load/drop-kept.ts';
export { startManager } from './manager/manager.ts';
export { Discovery, type DiscoveryOptions } from './peer/discovery.ts';
export { startPeer } from './peer/peer.ts';
export { knownManagers, type Pin, trustManager } from './peer/pin-file.ts';
export { parseHours } from './rate/hours.ts';
export { startStore } from './store-server/store-server.ts';
