import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/engine/base/clock.ts';
import { Balancer } from '../../../src/engine/manager/balancer.ts';
import { NO_LOAD, type PeerNode } from '../../../src/engine/manager/node.ts';
import { contentRequest, liveHead, MB, peerNode, seededRandom } from './fixtures.ts';

const STEP = 100; // milliseconds
const BYTES = 10 * MB;
const LIVE = liveHead('/big', { length: BYTES });

/** A peer that sends `speed` bytes a second, shared evenly by its downloads, and says once a second how it does. */
class SimulatedPeer {
  readonly node: PeerNode;
  readonly speed: number;
  downloads: { left: number; began: number }[] = [];
  taken = 0;
  #second = 0;
  #throughput = 0;

  constructor(id: string, speed: number) {
    this.node = peerNode(id);
    this.speed = speed;
  }

  begin(now: number): void {
    this.downloads.push({ left: BYTES, began: now });
    this.taken++;
  }

  /** Moves on by a step; the durations of the downloads that ended. */
  step(now: number): number[] {
    const share = (this.speed * STEP) / 1000 / Math.max(1, this.downloads.length);
    const ended: number[] = [];
    for (const download of this.downloads) {
      const part = Math.min(share, download.left);
      download.left -= part;
      this.#second += part;
      if (download.left <= 0) ended.push(now - download.began);
    }
    this.downloads = this.downloads.filter((download) => download.left > 0);
    return ended;
  }

  report(): void {
    this.#throughput = Math.max(this.#throughput, this.#second);
    this.node.load = {
      ...NO_LOAD,
      downloads: this.downloads.length,
      uploadRate: this.#second,
      throughput: this.#throughput,
      requests: this.taken,
    };
    this.#second = 0;
    this.node.pending = 0; // as the registry does
  }
}

/** An office over time: clients come, are redirected, and wait. */
class Simulation {
  readonly peers: SimulatedPeer[];
  readonly #clock = new ManualClock();
  readonly #balancer: Balancer;

  constructor(peers: SimulatedPeer[], seed = 42) {
    this.peers = peers;
    const nodes = peers.map((peer) => peer.node);
    this.#balancer = new Balancer(
      { registry: { fit: () => nodes }, urlFor: (node) => node.url, ring: () => ({ ranked: () => [] }) },
      { clock: this.#clock, random: seededRandom(seed) },
    );
  }

  /** `count` clients, one every so many milliseconds; when the last one was done, and how long each waited. */
  run(count: number, every: number): { finished: number; waits: number[] } {
    const begin = this.#clock.monotonic();
    const waits: number[] = [];
    for (let started = 0; waits.length < count; ) {
      const now = this.#clock.monotonic();
      if (now - begin > 3_600_000) throw new Error('the simulation does not end');
      for (; started < count && started * every <= now - begin; started++) this.#redirect(now);
      this.#clock.advance(STEP);
      for (const peer of this.peers) waits.push(...peer.step(now + STEP));
      if ((now + STEP) % 1_000 === 0) this.#reports();
    }
    return { finished: this.#clock.monotonic() - begin, waits };
  }

  #redirect(now: number): void {
    const id = this.#balancer.choose(LIVE, contentRequest('/big'), false, 'manager')?.peer;
    this.peers.find((peer) => peer.node.id === id)?.begin(now);
  }

  #reports(): void {
    for (const peer of this.peers) {
      peer.report();
      this.#balancer.observe(peer.node);
    }
  }
}

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] as number;

describe('a slow volunteer beside a fast one', () => {
  const office = () => {
    const slow = new SimulatedPeer('slow', MB);
    const fast = new SimulatedPeer('fast', 100 * MB);
    return { slow, fast, simulation: new Simulation([slow, fast]) };
  };

  it('gets a few downloads to prove itself, and then hardly any', () => {
    const { slow, simulation } = office();
    const { waits } = simulation.run(600, 200);
    expect(slow.taken).toBeGreaterThan(0);
    expect(slow.taken).toBeLessThanOrEqual(600 * 0.03);
    expect(median(waits)).toBeLessThanOrEqual(200);
  });

  it('does not hold up a crowd once both are known: all are done within 1.3 times the ideal', () => {
    const { slow, fast, simulation } = office();
    simulation.run(40, 100);
    const before = slow.taken + fast.taken;
    const { finished } = simulation.run(300, 10);
    expect(slow.taken + fast.taken - before).toBe(300);
    const ideal = ((300 * BYTES) / (101 * MB)) * 1_000;
    expect(finished).toBeLessThanOrEqual(ideal * 1.3);
  });

  it('is found out within seconds when nobody is known and everybody comes at once', () => {
    const { slow, simulation } = office();
    simulation.run(400, 10); // a hundred a second from the first moment on
    expect(slow.taken).toBeLessThanOrEqual(120);
    const taken = slow.taken;
    simulation.run(200, 100);
    expect(slow.taken - taken).toBeLessThanOrEqual(4);
  });

  it('joining later, is doubted beyond its second download', () => {
    const fast = [1, 2, 3].map((i) => new SimulatedPeer(`fast${i}`, 50 * MB));
    const slow = new SimulatedPeer('slow', MB);
    const simulation = new Simulation([...fast, slow]);
    for (const peer of fast) peer.node.load = { ...NO_LOAD, throughput: 50 * MB };
    simulation.run(200, 20);
    expect(slow.taken).toBeLessThanOrEqual(6);
  });
});

describe('many peers of different speeds', () => {
  it('finish a crowd within 1.5 times the ideal, and each does its share', () => {
    const speeds = [5, 10, 20, 20, 40, 40, 80, 80, 100, 100];
    const peers = speeds.map((speed, i) => new SimulatedPeer(`p${i}`, speed * MB));
    const simulation = new Simulation(peers);
    simulation.run(200, 50);
    for (const peer of peers) peer.taken = 0;
    const { finished } = simulation.run(1_000, 5);
    const sum = speeds.reduce((total, speed) => total + speed, 0);
    const ideal = ((1_000 * BYTES) / (sum * MB)) * 1_000;
    expect(finished).toBeLessThanOrEqual(ideal * 1.5);
    const slowest = peers[0] as SimulatedPeer;
    expect(slowest.taken).toBeLessThanOrEqual((1_000 * 5 * 1.6) / sum);
  });
});
