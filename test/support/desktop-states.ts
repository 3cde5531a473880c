import type { PeerSnapshot } from '../../src/engine/base/running-peer.ts';
import type { DesktopSettings, DesktopState } from '../../src/engine/protocol/desktop.ts';

const KEY = 'a'.repeat(64);

/** A peer that shares with nothing to do. */
export function peerOf(changes: Partial<PeerSnapshot> = {}): PeerSnapshot {
  return {
    state: 'sharing',
    holds: [],
    trouble: null,
    troubleCode: null,
    keyChange: null,
    reachable: true,
    manager: { url: 'http://cdn:11000', name: 'cdn', fingerprint: KEY, members: 3 },
    port: 8001,
    downloads: [],
    running: 0,
    uploadRate: 0,
    downloadRate: 0,
    uploadCap: null,
    downloadCap: null,
    totals: { served: 0, fetched: 0, saved: 0, requests: 0, hits: 0 },
    memory: { grant: 1, used: 0 },
    disk: { grant: 1, used: 0 },
    remaining: null,
    clockDifference: 0,
    ...changes,
  };
}

/** As they are before anybody has changed one, on a machine with 4 GiB of memory and a roomy disk; the first run is over. */
export const SETTINGS: DesktopSettings = {
  uploadCap: 20 * 2 ** 20,
  downloadCap: null,
  memory: 512 * 2 ** 20,
  disk: 10 * 2 ** 30,
  cacheFolder: '',
  hours: '',
  conditions: { battery: 'pause', metered: 'pause', vpn: 'pause', busy: 'serve' },
  port: 8001,
  startAtLogin: false,
  joinAutomatically: true,
  language: 'system',
  theme: 'system',
  notifications: true,
  quitWarm: true,
  updates: 'ask',
  firstRunDone: true,
};

/** An app that has joined nobody yet. */
export function stateOf(changes: Partial<DesktopState> = {}): DesktopState {
  return {
    app: 'idle',
    problem: null,
    peer: null,
    nearby: [],
    last: null,
    changedKey: null,
    pendingLink: null,
    settings: SETTINGS,
    secrets: 'safe',
    conditions: { battery: 'no', metered: 'unknown', vpn: 'unknown', busy: 'no' },
    holds: [],
    slowed: [],
    pausedUntil: null,
    today: { served: 0, saved: 0 },
    allTime: { served: 0, saved: 0 },
    curve: { up: [], down: [] },
    freeDisk: null,
    totalMemory: 2 ** 34,
    update: { phase: 'none', version: null, progress: null, notes: null, off: null, problem: null },
    platform: 'linux',
    version: '0.1.0',
    resolved: { language: 'en', dark: false },
    tray: true,
    ...changes,
  };
}

export const LAST = { url: 'http://cdn:11000', name: 'cdn', fingerprint: KEY };
