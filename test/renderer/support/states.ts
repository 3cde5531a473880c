import type { DesktopState, NearbyManager } from '../../../src/engine/protocol/desktop.ts';
import { peerOf, SETTINGS, stateOf } from '../../support/desktop-states.ts';

export { SETTINGS };

const MIB = 2 ** 20;
const GIB = 2 ** 30;

export type Peer = NonNullable<DesktopState['peer']>;

/** A fingerprint that looks like one: 64 digits, another for each seed. */
export function fingerprint(seed: number): string {
  let state = seed + 1;
  return Array.from({ length: 64 }, () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor(state / 2 ** 16 / 8)
      .toString(16)
      .slice(-1);
  }).join('');
}

export const MANAGERS: readonly NearbyManager[] = [
  {
    name: 'Office cache',
    url: 'http://192.168.1.5:11000',
    fingerprint: fingerprint(1),
    members: 12,
    tokenRequired: false,
    known: false,
  },
  {
    name: 'Build farm',
    url: 'http://192.168.1.40:11000',
    fingerprint: fingerprint(2),
    members: 3,
    tokenRequired: true,
    known: false,
  },
];

const MANAGER = {
  url: 'http://192.168.1.5:11000',
  name: 'Office cache',
  fingerprint: fingerprint(1),
  members: 12,
};

const FILES: readonly (readonly [string, string, number, number | null])[] = [
  ['192.168.1.23', '/images/ubuntu-24.04.3-desktop-amd64.iso', 0.64, 5.9 * GIB],
  ['192.168.1.77', '/toolchains/android-studio-2026.1.1-linux.tar.gz?mirror=eu', 0.31, 1.2 * GIB],
  ['fd00::1:52', '/models/%E6%99%AE%E9%80%9A%E8%AF%9D-large.bin', 0.08, null],
];

/** Throughput that looks like an ordinary minute or two: slow swings, a little unrest, and always the same for a seed. */
function wave(base: number, swing: number, seed: number): number[] {
  let noise = seed;
  return Array.from({ length: 120 }, (_, second) => {
    noise = (noise * 16_807) % 2_147_483_647;
    const slow = Math.sin((second + seed) / 17) * swing + Math.sin((second * 3 + seed) / 19) * swing * 0.4;
    const unrest = (noise / 2_147_483_647 - 0.5) * swing * 0.3;
    return Math.max(0, Math.round(base + slow + unrest));
  });
}

/** A peer in the midst of it. */
export function peer(changes: Partial<Peer> = {}): Peer {
  return peerOf({
    manager: MANAGER,
    downloads: FILES.map(([client, target, share, length], id) => ({
      id,
      client,
      target,
      startedAt: Date.UTC(2026, 10, 21, 12),
      sent: Math.round(share * (length ?? 3 * GIB)),
      length: length === null ? null : Math.round(length),
    })),
    running: FILES.length,
    uploadRate: 18.4 * MIB,
    downloadRate: 3.2 * MIB,
    uploadCap: 20 * MIB,
    totals: { served: 96 * GIB, fetched: 9 * GIB, saved: 81 * GIB, requests: 4210, hits: 4041 },
    memory: { grant: 512 * MIB, used: 431 * MIB },
    disk: { grant: 10 * GIB, used: 6.2 * GIB },
    clockDifference: 42,
    ...changes,
  });
}

/** Nothing is joined, and two managers answer. */
export function state(changes: Partial<DesktopState> = {}): DesktopState {
  return stateOf({
    nearby: MANAGERS,
    conditions: { battery: 'no', metered: 'no', vpn: 'unknown', busy: 'yes' },
    freeDisk: 180 * GIB,
    ...changes,
  });
}

/** A state in which something is joined and has a past. */
export function joined(app: DesktopState['app'], changes: Partial<DesktopState> = {}): DesktopState {
  return state({
    app,
    peer: peer(),
    last: MANAGER,
    today: { served: 12.4 * GIB, saved: 11.9 * GIB },
    allTime: { served: 1.31 * 1024 * GIB, saved: 1.22 * 1024 * GIB },
    curve: { up: wave(14 * MIB, 4 * MIB, 3), down: wave(3 * MIB, 2 * MIB, 40) },
    ...changes,
  });
}

const IDLE_PEER = { downloads: [], running: 0, uploadRate: 0, downloadRate: 0 } as const;
const QUIET = { up: wave(2 * MIB, 4 * MIB, 90).map((value, second) => (second < 70 ? value : 0)), down: [] };

const LONG = 'A manager with quite a long name that somebody in the infrastructure department thought of on a Friday';
const IPV6 = '2001:db8:85a3:1234:5678:8a2e:370:7334';

/** More and longer than anybody expects: what has to fit all the same. */
export const CROWDED: Readonly<Record<string, DesktopState>> = {
  'nine-managers': state({
    nearby: Array.from({ length: 9 }, (_, place) => ({
      name:
        place === 2 ? LONG : place === 5 ? '构建服务器与制品缓存（三号楼二层机房，研发中心专用）' : `Manager ${place}`,
      url: place % 3 === 0 ? `http://[${IPV6}]:11000` : `http://192.168.1.${place}:11000`,
      fingerprint: fingerprint(place),
      members: place === 4 ? null : place * 1234,
      tokenRequired: place % 2 === 1,
      known: place === 1,
    })),
  }),
  'twelve-downloads': joined('draining', {
    peer: peer({
      state: 'draining',
      manager: { url: `http://[${IPV6}]:11000`, name: LONG, fingerprint: fingerprint(1), members: 99_999 },
      downloads: Array.from({ length: 12 }, (_, id) => ({
        id,
        client: id % 3 === 0 ? IPV6 : '192.168.100.200',
        target: id === 1 ? `/${'long-name-without-a-place-to-break-'.repeat(5)}.iso` : `/file-${id}.bin`,
        startedAt: 0,
        sent: id * 1e12,
        length: id === 3 ? null : 13e12,
      })),
      running: 12,
      uploadRate: 2 ** 50,
      remaining: { bytes: 2 ** 62, seconds: 1e9 },
    }),
    today: { served: 2 ** 62, saved: 2 ** 61 },
  }),
  'every-hold': joined('holding', {
    peer: peer({ ...IDLE_PEER, state: 'holding' }),
    holds: ['user', 'hours', 'battery', 'metered', 'vpn', 'busy'],
    pausedUntil: Date.now() + 40 * 3_600_000,
  }),
};

/** Every state that Home can be in, by name. */
export const STATES: Readonly<Record<string, DesktopState>> = {
  'first-run': state({ settings: { ...SETTINGS, firstRunDone: false } }),
  nearby: state(),
  'nobody-nearby': state({ nearby: [] }),
  'last-not-seen': state({ nearby: [], last: MANAGER }),
  'join-refused': state({
    last: MANAGER,
    problem: { code: 'POTLUCK_JOIN_REFUSED', message: 'the join token is wrong' },
  }),
  joining: joined('joining', { peer: peer({ ...IDLE_PEER, state: 'joining', manager: null }) }),
  sharing: joined('sharing'),
  'sharing-slower': joined('sharing', { slowed: ['busy'] }),
  'sharing-quiet': joined('sharing', { peer: peer(IDLE_PEER), curve: QUIET }),
  unreachable: joined('unreachable', { peer: peer({ ...IDLE_PEER, state: 'unreachable' }), curve: QUIET }),
  disconnected: joined('disconnected', { peer: peer({ ...IDLE_PEER, state: 'disconnected' }), curve: QUIET }),
  'paused-by-hand': joined('holding', {
    peer: peer({ ...IDLE_PEER, state: 'holding', holds: ['user'] }),
    holds: ['user'],
    pausedUntil: Date.now() + 3_600_000,
    curve: QUIET,
  }),
  'paused-on-battery': joined('holding', {
    peer: peer({ ...IDLE_PEER, state: 'holding', holds: ['battery'] }),
    holds: ['battery'],
    conditions: { battery: 'yes', metered: 'no', vpn: 'no', busy: 'unknown' },
    curve: QUIET,
  }),
  'switched-off': joined('holding', {
    peer: peer({ ...IDLE_PEER, state: 'holding', holds: ['disabled'] }),
    holds: ['disabled'],
    curve: QUIET,
  }),
  draining: joined('draining', {
    peer: peer({ state: 'draining', remaining: { bytes: 2.9 * GIB, seconds: 161 } }),
  }),
  failed: joined('failed', {
    peer: null,
    problem: { code: 'POTLUCK_PORT_LOST', message: 'the port 8001 was lost: EADDRNOTAVAIL' },
  }),
  'changed-key': state({
    last: MANAGER,
    changedKey: {
      url: MANAGER.url,
      name: MANAGER.name,
      pinned: fingerprint(1),
      since: '2026-03-02T09:12:00Z',
      now: fingerprint(3),
    },
  }),
  'pending-link': state({
    pendingLink: { url: 'http://cdn.example.com:11000', fingerprint: fingerprint(4), hasToken: true },
  }),
};
