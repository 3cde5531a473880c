import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/engine/base/clock.ts';
import { name128 } from '../../../src/engine/content/key.ts';
import { PIECE_SIZE } from '../../../src/engine/content/piece.ts';
import { Balancer, type BalancerOptions, type PieceRing, ringKey } from '../../../src/engine/manager/balancer.ts';
import type { PeerNode } from '../../../src/engine/manager/node.ts';
import { contentRequest, liveHead, MB, peerNode, seededRandom } from './fixtures.ts';

/** Ranks members by the hash of key and id, as a ring does. */
function hashRing(ids: () => readonly string[]): PieceRing {
  return {
    ranked: (key, n) => [...ids()].sort((a, b) => (name128(`${key}${a}`) < name128(`${key}${b}`) ? -1 : 1)).slice(0, n),
  };
}

/** A manager's view with these peers fit; `peers` may be replaced while it runs. */
function setUp(nodes: PeerNode[], options: BalancerOptions = {}) {
  const clock = new ManualClock();
  const office = { peers: nodes as readonly PeerNode[], clock };
  let ring = hashRing(() => office.peers.map((node) => node.id));
  const balancer = new Balancer(
    {
      registry: { fit: () => office.peers },
      urlFor: (node, { clientAddress, secure }) => {
        if (secure && !node.tls) return undefined;
        if (node.loopback && clientAddress !== '127.0.0.1') return undefined;
        return `${node.tls ? 'https' : 'http'}://${node.host}:${node.port}`;
      },
      ring: () => ring,
    },
    { clock, random: seededRandom(7), ...options },
  );
  const replaceRing = (to: PieceRing) => {
    ring = to;
  };
  return { balancer, office, clock, replaceRing };
}

const LARGE = liveHead('/iso/debian.iso');
const HOST = 'manager:11000';

function counts(balancer: Balancer, redirects: number, live = LARGE): Map<string | undefined, number> {
  const counted = new Map<string | undefined, number>();
  for (let i = 0; i < redirects; i++) {
    const peer = balancer.choose(live, contentRequest(live.head.target), false, HOST)?.peer;
    counted.set(peer, (counted.get(peer) ?? 0) + 1);
  }
  return counted;
}

describe('the redirect', () => {
  it('names the same target on the peer, with the revision last and up to three other peers', () => {
    const peers = ['a', 'b', 'c', 'd', 'e', 'f'].map((id) => peerNode(id, { host: `10.0.0.${id.charCodeAt(0)}` }));
    const { balancer } = setUp(peers);
    const to = balancer.choose(LARGE, contentRequest('/iso/debian.iso', { not: ['x'] }), false, HOST);
    const chosen = peers.find((node) => node.id === to?.peer);
    const path = `/iso/debian.iso?potluck-not=x&potluck-rev=${LARGE.head.revision}`;
    expect(to?.location).toBe(`http://${chosen?.host}:8001${path}`);
    expect(to?.duplicates).toHaveLength(3);
    expect(new Set([to?.location, ...(to?.duplicates ?? [])]).size).toBe(4);
    for (const url of to?.duplicates ?? []) expect(url.endsWith(path)).toBe(true);
  });

  it('has the prefix of a named group, and keeps a query', () => {
    const { balancer } = setUp([peerNode('a', { host: '10.0.0.1' })]);
    const live = liveHead('/pool/x?v=2', { group: 'debian' });
    const to = balancer.choose(live, contentRequest('/pool/x?v=2', { group: 'debian' }), false, HOST);
    expect(to).toEqual({
      location: `http://10.0.0.1:8001/cache/debian/pool/x?v=2&potluck-rev=${live.head.revision}`,
      duplicates: [],
      peer: 'a',
    });
  });

  it('is not given while nobody is fit, in proxy mode, or for objects below redirectMin', () => {
    expect(setUp([]).balancer.choose(LARGE, contentRequest('/'), false, HOST)).toBeUndefined();
    const proxy = setUp([peerNode('a')], { mode: 'proxy' }).balancer;
    expect(proxy.choose(LARGE, contentRequest('/'), false, HOST)).toBeUndefined();
    const { balancer } = setUp([peerNode('a')], { redirectMin: 4096 });
    expect(balancer.choose(liveHead('/s', { length: 4095 }), contentRequest('/s'), false, HOST)).toBeUndefined();
    expect(balancer.choose(liveHead('/s', { length: 4096 }), contentRequest('/s'), false, HOST)?.peer).toBe('a');
  });

  it('is not given to another cache, which would only hand it on', () => {
    const { balancer } = setUp([peerNode('a')]);
    const request = { ...contentRequest('/'), headers: ['CDN-Loop', 'another-cdn'] };
    expect(balancer.choose(LARGE, request, false, HOST)).toBeUndefined();
  });

  it('is told to the audit, and counts as a download on its way', () => {
    const told: string[] = [];
    const node = peerNode('a');
    const balancer = new Balancer({
      registry: { fit: () => [node] },
      urlFor: (peer) => peer.url,
      ring: () => ({ ranked: () => ['a'] }),
      redirected: (peer, live, location) => told.push(`${peer.id} ${live.head.target} ${location}`),
    });
    const to = balancer.choose(LARGE, contentRequest('/iso/debian.iso'), false, HOST);
    expect(told).toEqual([`a /iso/debian.iso ${to?.location}`]);
    expect(node.pending).toBe(1);
  });
});

describe('who gets nothing', () => {
  it('a peer that the client cannot reach, that turned it back, or that left', () => {
    const local = peerNode('local', { loopback: true });
    const { balancer, office } = setUp([local, peerNode('b'), peerNode('c')]);
    expect([...counts(balancer, 50).keys()].sort()).toEqual(['b', 'c']);
    for (let i = 0; i < 20; i++) {
      const to = balancer.choose(LARGE, contentRequest('/iso/debian.iso', { not: ['b'] }), false, HOST);
      expect(to?.peer).toBe('c');
      expect(to?.duplicates).toEqual([]);
    }
    expect(balancer.choose(LARGE, contentRequest('/iso/debian.iso', { not: ['b', 'c'] }), false, HOST)).toBeUndefined();
    office.peers = [local]; // b and c drain: the registry no longer calls them fit
    expect(balancer.choose(LARGE, contentRequest('/iso/debian.iso'), false, HOST)).toBeUndefined();
  });

  it('a peer without TLS, where the client came over TLS', () => {
    const { balancer } = setUp([peerNode('plain'), peerNode('safe', { tls: true })]);
    for (let i = 0; i < 20; i++) {
      const to = balancer.choose(LARGE, contentRequest('/'), true, HOST);
      expect(to?.peer).toBe('safe');
      expect(to?.location.startsWith('https://')).toBe(true);
      expect(to?.duplicates).toEqual([]);
    }
    expect(setUp([peerNode('plain')]).balancer.choose(LARGE, contentRequest('/'), true, HOST)).toBeUndefined();
  });

  it('a peer at its cap, while another can serve', () => {
    const capped = peerNode('capped', { load: { uploadCap: 10 * MB, uploadRate: 9 * MB, downloads: 1 } });
    const busy = peerNode('busy', { load: { downloads: 500, uploadRate: MB, throughput: MB } });
    const { balancer, office } = setUp([capped, busy]);
    expect([...counts(balancer, 30).keys()]).toEqual(['busy']);
    office.peers = [capped];
    expect([...counts(balancer, 3).keys()]).toEqual(['capped']); // alone it is better than nothing
  });

  it('a peer whose cap is zero, even alone', () => {
    const { balancer } = setUp([peerNode('mute', { load: { uploadCap: 0 } })]);
    expect(balancer.choose(LARGE, contentRequest('/'), false, HOST)).toBeUndefined();
    expect(balancer.pickForProxy(LARGE.head.revision + 0, [])).toBeUndefined();
  });
});

describe('location', () => {
  const peers = () => [
    peerNode('z1', { location: 'zurich' }),
    peerNode('z2', { location: 'zurich' }),
    peerNode('p1', { location: 'paris' }),
    peerNode('any'),
  ];
  const from = (location: string) =>
    contentRequest('/iso/debian.iso', { headers: ['Host', HOST, 'x-client-LOCATION', location] });

  it('keeps a client among the peers of the location that it names', () => {
    const { balancer } = setUp(peers());
    for (let i = 0; i < 40; i++) {
      const peer = balancer.choose(LARGE, from('zurich'), false, HOST)?.peer;
      expect(['z1', 'z2']).toContain(peer);
    }
  });

  it('goes elsewhere when nobody there can serve, and does not mind a place it never heard of', () => {
    const { balancer, office } = setUp(peers());
    expect(balancer.choose(LARGE, { ...from('paris'), not: ['p1'] }, false, HOST)?.peer).toBeDefined();
    expect(balancer.choose(LARGE, from('atlantis'), false, HOST)?.peer).toBeDefined();
    const cap = { uploadCap: MB, uploadRate: MB };
    office.peers = [peerNode('p1', { location: 'paris', load: cap }), peerNode('z1', { location: 'zurich' })];
    expect(balancer.choose(LARGE, from('paris'), false, HOST)?.peer).toBe('z1');
  });

  it('comes from the map of addresses where the client names none', () => {
    const { balancer } = setUp(peers(), { locationOf: (address) => (address === '10.0.1.7' ? 'paris' : undefined) });
    expect([...counts(balancer, 20).keys()]).toEqual(['p1']);
  });
});

describe('shares', () => {
  it('follow capacity while nothing else is known', () => {
    const peers = [50, 100, 200, 400].map((capacity) => peerNode(`c${capacity}`, { capacity }));
    const { balancer } = setUp(peers);
    const counted = counts(balancer, 750);
    for (const { id, capacity } of peers) {
      expect(counted.get(id)).toBeGreaterThan(capacity * 0.9);
      expect(counted.get(id)).toBeLessThan(capacity * 1.1);
    }
  });

  it('follow what is left of the caps', () => {
    const peers = [2, 4, 8].map((cap) => peerNode(`cap${cap}`, { load: { uploadCap: cap * MB } }));
    const { balancer } = setUp(peers);
    const counted = counts(balancer, 350);
    expect(counted.get('cap2')).toBeGreaterThan(40);
    expect(counted.get('cap2')).toBeLessThan(60);
    expect(counted.get('cap8')).toBeGreaterThan(180);
  });

  it('avoid the peer that already has the downloads', () => {
    const busy = peerNode('busy', { load: { downloads: 10, throughput: 50 * MB, uploadRate: 50 * MB } });
    const idle = peerNode('idle', { load: { throughput: 50 * MB } });
    expect(setUp([busy, idle]).balancer.choose(LARGE, contentRequest('/'), false, HOST)?.peer).toBe('idle');
  });

  it('are even among a hundred equal peers, within what two choices promise', () => {
    const peers = Array.from({ length: 100 }, (_, i) => peerNode(`p${i}`));
    const { balancer } = setUp(peers);
    const counted = [...counts(balancer, 10_000).values()];
    expect(counted).toHaveLength(100);
    expect(Math.max(...counted)).toBeLessThanOrEqual(106); // one random choice would give about 125
  });
});

describe('small objects', () => {
  const small = (i: number) => liveHead(`/small/${i}`, { length: 2_000 });

  it('stay with their owner in the ring', () => {
    const peers = Array.from({ length: 10 }, (_, i) => peerNode(`p${i}`));
    const { balancer, office } = setUp(peers);
    const ring = hashRing(() => office.peers.map((node) => node.id));
    for (let i = 0; i < 100; i++) {
      const live = small(i);
      const [owner] = ring.ranked(ringKey(live, 0), 1);
      for (let again = 0; again < 3; again++) {
        expect(balancer.choose(live, contentRequest(live.head.target), false, HOST)?.peer).toBe(owner);
        for (const node of peers) node.pending = 0; // a load message comes in
      }
    }
  });

  it('overflow to the next in the ring at 1.25 times the fair share', () => {
    const peers = Array.from({ length: 8 }, (_, i) => peerNode(`p${i}`));
    const { balancer, office } = setUp(peers);
    const hot = small(1);
    const counted = counts(balancer, 800, hot);
    expect(Math.max(...counted.values())).toBeLessThanOrEqual(Math.ceil(1.25 * 100));
    const ranked = hashRing(() => office.peers.map((node) => node.id)).ranked(ringKey(hot, 0), 8);
    const first = counted.get(ranked[0]) ?? 0;
    const last = counted.get(ranked[7]) ?? 0;
    expect(first).toBe(125);
    expect(last).toBeLessThan(first);
  });

  it('move when the ring changes, not before', () => {
    const { balancer, replaceRing } = setUp([peerNode('a'), peerNode('b')]);
    replaceRing({ ranked: () => ['a', 'b'] });
    const ask = () => balancer.choose(small(1), contentRequest('/small/1'), false, HOST)?.peer;
    expect(ask()).toBe('a');
    replaceRing({ ranked: () => ['b', 'a'] });
    expect(ask()).toBe('b');
  });

  it('of exactly a piece stick; a byte more and they are spread', () => {
    const { balancer, office, replaceRing } = setUp([peerNode('a'), peerNode('b')]);
    replaceRing({ ranked: () => ['a', 'b'] });
    const peersOf = (length: number) => {
      const live = liveHead('/x', { length });
      return Array.from({ length: 6 }, () => {
        const peer = balancer.choose(live, contentRequest('/x'), false, HOST)?.peer;
        if (length <= PIECE_SIZE) for (const node of office.peers) node.pending = 0;
        return peer;
      });
    };
    expect(new Set(peersOf(PIECE_SIZE))).toEqual(new Set(['a']));
    expect(new Set(peersOf(PIECE_SIZE + 1))).toEqual(new Set(['a', 'b']));
  });

  it('go to somebody else when the owner turned the client back', () => {
    const { balancer, replaceRing } = setUp([peerNode('a'), peerNode('b')]);
    replaceRing({ ranked: () => ['a', 'gone', 'b'] });
    expect(balancer.choose(small(1), contentRequest('/small/1', { not: ['a'] }), false, HOST)?.peer).toBe('b');
  });
});

describe('a member for the manager itself', () => {
  it('is the owner of the piece, then others, and never one that failed', () => {
    const { balancer, replaceRing } = setUp([peerNode('a'), peerNode('b'), peerNode('c', { loopback: true })]);
    replaceRing({ ranked: (key) => (key === `${LARGE.head.revision}5` ? ['c', 'a', 'b'] : ['a', 'b', 'c']) });
    expect(balancer.pickForProxy(LARGE.head.revision + 5, [])?.id).toBe('c');
    expect(balancer.pickForProxy(LARGE.head.revision + 5, ['c'])?.id).toBe('a');
    expect(balancer.pickForProxy(LARGE.head.revision + 4, ['a', 'b', 'c'])).toBeUndefined();
  });
});

describe('the cost', () => {
  it('of a choice among a hundred peers is some microseconds', () => {
    const peers = Array.from({ length: 100 }, (_, i) => peerNode(`p${i}`));
    const { balancer } = setUp(peers, { random: Math.random });
    const small = liveHead('/small', { length: 100 });
    for (const live of [LARGE, small]) {
      counts(balancer, 5_000, live);
      let best = Number.POSITIVE_INFINITY;
      for (let round = 0; round < 5; round++) {
        const start = performance.now();
        counts(balancer, 2_000, live);
        best = Math.min(best, (performance.now() - start) / 2_000);
      }
      expect(best).toBeLessThan(0.1); // milliseconds: ten times the target, for a busy machine
    }
  });
});
