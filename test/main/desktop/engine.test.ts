import { EventEmitter, once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { PotluckError } from '../../../src/engine/base/errors.ts';
import type { PeerSnapshot, RunningPeer } from '../../../src/engine/base/running-peer.ts';
import type { PeerSettings } from '../../../src/engine/base/settings.ts';
import { Engine } from '../../../src/main/desktop/engine.ts';
import type { JoinRequest } from '../../../src/main/desktop/engine-settings.ts';
import type { Wanted } from '../../../src/main/desktop/orders.ts';
import { tempFolder } from '../../support/program.ts';
import { ManualLog } from './manual-log.ts';

const WANTED: Wanted = { uploadCap: 1000, downloadCap: null, memory: 2 ** 24, disk: 0, holds: new Set() };
const KEY = 'a'.repeat(64);

function request(host: string): JoinRequest {
  return { url: `http://${host}:11000`, fingerprint: KEY, token: undefined, persist: false };
}

/** A peer that opens and closes when it is told to: what is to be seen here is who waits for whom. */
class SlowPeer {
  readonly settings: PeerSettings;
  readonly signal: AbortSignal;
  readonly opened = Promise.withResolvers<void>();
  readonly closing = Promise.withResolvers<void>();
  readonly ended = Promise.withResolvers<void>();
  readonly changes: unknown[] = [];
  /** What a change waits for, and may be refused by. */
  refusal: Promise<void> | undefined;
  closes = 0;
  goodbyes = 0;
  state: PeerSnapshot['state'] = 'sharing';

  constructor(settings: PeerSettings, signal: AbortSignal) {
    this.settings = settings;
    this.signal = signal;
  }

  get host(): string {
    return new URL(this.settings.upstream ?? '').hostname;
  }

  get running(): RunningPeer {
    const { upstream = '' } = this.settings;
    const manager = { url: upstream, name: this.host, fingerprint: KEY, members: 1 };
    const peer: Partial<RunningPeer> = {
      done: this.ended.promise,
      snapshot: () => ({ state: this.state, manager, keyChange: null }) as PeerSnapshot,
      subscribe: () => () => undefined,
      hold: () => undefined,
      goodbye: () => void this.goodbyes++,
      change: async (change) => {
        await this.refusal;
        this.changes.push(change);
      },
      drain: () => {
        this.state = 'draining';
        return this.ended.promise;
      },
      close: async () => {
        this.closes++;
        await this.closing.promise;
        this.state = 'ended';
        this.ended.resolve();
      },
    };
    return peer as RunningPeer;
  }
}

class Rig implements Disposable {
  readonly engine: Engine;
  readonly peers: SlowPeer[] = [];
  readonly #folder = tempFolder();
  readonly #news = new EventEmitter();
  failing: Error | undefined;

  constructor() {
    const nothing = () => undefined;
    this.engine = new Engine(
      {
        startPeer: async (settings, { signal }) => {
          const peer = new SlowPeer(settings, signal);
          this.peers.push(peer);
          this.#news.emit('peer');
          await peer.opened.promise;
          return peer.running;
        },
        log: new ManualLog(),
        ready: () => Promise.resolve(),
        changed: nothing,
        began: nothing,
        released: nothing,
        ended: nothing,
        portChanged: nothing,
      },
      { state: this.#folder.path, port: () => 8001, cacheFolder: () => '', networks: {} },
      WANTED,
    );
  }

  /** The nth peer, once it is being opened. */
  async peer(n: number): Promise<SlowPeer> {
    while (this.peers.length <= n) await once(this.#news, 'peer');
    return this.peers[n] as SlowPeer;
  }

  /** Joins, and has the peer open at once. */
  async joined(host: string): Promise<SlowPeer> {
    const n = this.peers.length;
    const joining = this.engine.join(request(host));
    const peer = await this.peer(n);
    peer.opened.resolve();
    await joining;
    return peer;
  }

  [Symbol.dispose](): void {
    this.#folder.remove();
  }
}

describe('of several wishes the last one counts', () => {
  it('two joins at once end in one peer, that of the second', async () => {
    using rig = new Rig();
    const before = await rig.joined('before');
    const first = rig.engine.join(request('first'));
    const second = rig.engine.join(request('second'));
    before.closing.resolve();
    (await rig.peer(1)).opened.resolve();
    expect(await first).toBeNull();
    expect(await second).toMatchObject({ name: 'second' });
    expect(rig.peers.map(({ host }) => host)).toEqual(['before', 'second']);
    expect(rig.engine.view.app).toBe('sharing');
  });

  it('a join that another overtakes while it opens is closed before that begins', async () => {
    using rig = new Rig();
    const first = rig.engine.join(request('first'));
    const slow = await rig.peer(0);
    const second = rig.engine.join(request('second'));
    expect(slow.signal.aborted).toBe(true);
    slow.opened.resolve(); // it had gone too far to be called back
    slow.closing.resolve();
    const next = await rig.peer(1);
    expect(slow.state).toBe('ended');
    next.opened.resolve();
    expect([await first, (await second)?.name]).toEqual([null, 'second']);
  });

  it('the failure of a join that was given up is not that of the next', async () => {
    using rig = new Rig();
    const first = rig.engine.join(request('first'));
    const gone = await rig.peer(0);
    const second = rig.engine.join(request('second'));
    gone.opened.reject(new PotluckError('POTLUCK_MANAGER_UNREACHABLE', 'first'));
    (await rig.peer(1)).opened.resolve();
    await second;
    expect(await first).toBeNull();
    expect(rig.engine.view).toMatchObject({ app: 'sharing', problem: null });
  });

  it('a leave while the peer before is being closed joins nobody', async () => {
    using rig = new Rig();
    const before = await rig.joined('before');
    const joining = rig.engine.join(request('other'));
    const leaving = rig.engine.leave();
    before.closing.resolve();
    await leaving;
    expect(await joining).toBeNull();
    expect(rig.peers).toHaveLength(1);
    expect(rig.engine.view.app).toBe('idle');
  });

  it('a leave while the token is being looked up does not wait for that', async () => {
    using rig = new Rig();
    const joining = rig.engine.join(() => new Promise(() => undefined)); // a key ring that asks nobody
    expect(rig.engine.view.app).toBe('joining');
    await rig.engine.leave();
    expect(await joining).toBeNull();
    expect(rig.engine.view.app).toBe('idle');
  });

  it('a warm leave while a join waits for its turn leaves warm', async () => {
    using rig = new Rig();
    const before = await rig.joined('before');
    const turn = Promise.withResolvers<void>();
    void rig.engine.inTurn(() => turn.promise);
    const joining = rig.engine.join(request('other'));
    const drained = rig.engine.drain();
    turn.resolve();
    expect(await joining).toBeNull();
    expect([before.closes, rig.engine.view.app]).toEqual([0, 'draining']);
    before.ended.resolve();
    await drained;
    expect(rig.peers).toHaveLength(1);
  });

  it('a warm leave while the peer before is being closed joins nobody', async () => {
    using rig = new Rig();
    const before = await rig.joined('before');
    const joining = rig.engine.join(request('other'));
    await new Promise(setImmediate); // its turn has come
    expect(before.closes).toBe(1);
    const drained = rig.engine.drain();
    before.closing.resolve();
    await drained;
    expect(await joining).toBeNull();
    expect(rig.peers).toHaveLength(1);
  });

  it('nothing is joined once the app ends', async () => {
    using rig = new Rig();
    const joining = rig.engine.join(async () => request('first'));
    const closing = rig.engine.close();
    expect(await rig.engine.join(request('second'))).toBeNull();
    await closing;
    expect(await joining).toBeNull();
    expect(rig.peers).toEqual([]);
  });
});

describe('a machine that goes to sleep while a peer is being opened', () => {
  it('has it say goodbye as soon as it is there', async () => {
    using rig = new Rig();
    const joining = rig.engine.join(request('first'));
    const peer = await rig.peer(0);
    rig.engine.goodbye();
    peer.opened.resolve();
    await joining;
    expect(peer.goodbyes).toBe(1);
  });
});

describe('a problem', () => {
  it('goes when it was read, and stays where nothing runs because of it', async () => {
    using rig = new Rig();
    const problem = { code: 'POTLUCK_BAD_ADDRESS', message: 'no link' };
    rig.engine.show(problem);
    expect(rig.engine.view.problem).toBe(problem);
    rig.engine.show(null);
    expect(rig.engine.view.problem).toBeNull();
    const joining = rig.engine.join(request('first'));
    (await rig.peer(0)).opened.reject(new PotluckError('POTLUCK_STATE_IN_USE'));
    await expect(joining).rejects.toThrow();
    rig.engine.show(null);
    expect(rig.engine.view).toMatchObject({ app: 'failed', problem: { code: 'POTLUCK_STATE_IN_USE' } });
  });

  it('of the peer before does not outlive the one that was wished for by then', async () => {
    using rig = new Rig();
    const before = await rig.joined('before');
    const turn = Promise.withResolvers<void>();
    void rig.engine.inTurn(() => turn.promise);
    const joining = rig.engine.join(request('next'));
    before.ended.reject(new PotluckError('POTLUCK_PORT_LOST'));
    await new Promise(setImmediate);
    turn.resolve();
    const next = await rig.peer(1);
    next.opened.resolve();
    await joining;
    next.closing.resolve();
    await rig.engine.leave();
    expect(rig.engine.view.app).toBe('idle');
  });

  it('before it is known what to join is no failure of the engine: Start again would start what was not asked for', async () => {
    using rig = new Rig();
    const before = await rig.joined('before');
    before.closing.resolve();
    const unread = () => Promise.reject(new PotluckError('POTLUCK_FILE_UNREADABLE', 'managers.json'));
    await expect(rig.engine.join(unread)).rejects.toThrow();
    const { app, problem } = rig.engine.view;
    expect([app, problem?.code, problem?.manager]).toEqual(['idle', 'POTLUCK_FILE_UNREADABLE', undefined]);
  });
});

describe('a peer that has to start anew', () => {
  it('does so when it runs, where its manager is by now', async () => {
    using rig = new Rig();
    const peer = await rig.joined('before');
    peer.closing.resolve();
    const renewing = rig.engine.renew();
    const next = await rig.peer(1);
    next.opened.resolve();
    await renewing;
    expect(next.settings).toMatchObject({ upstream: 'http://before:11000', upstreamKey: KEY, persist: 'try' });
  });

  it('does not come back when it is leaving', async () => {
    using rig = new Rig();
    const peer = await rig.joined('before');
    const drained = rig.engine.drain();
    await rig.engine.renew();
    expect(rig.engine.view.app).toBe('draining');
    peer.closing.resolve();
    await rig.engine.leave();
    await drained;
    expect(rig.peers).toHaveLength(1);
  });
});

describe('what is wanted', () => {
  it('while a peer is being opened is what it goes by', async () => {
    using rig = new Rig();
    const joining = rig.engine.join(request('first'));
    const peer = await rig.peer(0);
    const changed = rig.engine.want({ ...WANTED, uploadCap: 2000 });
    peer.opened.resolve();
    await Promise.all([joining, changed]);
    expect(peer.settings.uploadCap).toBe(1000);
    expect(peer.changes).toEqual([{ uploadCap: 2000 }]);
    await rig.engine.want({ ...WANTED, uploadCap: 2000 });
    expect(peer.changes).toHaveLength(1);
  });

  it('and refused does not hide what was granted after it', async () => {
    using rig = new Rig();
    const peer = await rig.joined('first');
    const refusal = Promise.withResolvers<void>();
    peer.refusal = refusal.promise;
    const refused = rig.engine.want({ ...WANTED, disk: 1 });
    await new Promise(setImmediate); // the peer has been asked
    peer.refusal = undefined;
    await rig.engine.want({ ...WANTED, uploadCap: 2000 });
    refusal.reject(new PotluckError('POTLUCK_DISK_FULL'));
    await expect(refused).rejects.toThrow();
    await rig.engine.want(WANTED);
    expect(peer.changes.at(-1)).toEqual({ uploadCap: 1000 });
  });
});

describe('what is done in turn', () => {
  it('waits for a peer that is being opened, and lets the next one wait', async () => {
    using rig = new Rig();
    const joining = rig.engine.join(request('first'));
    const peer = await rig.peer(0);
    const done = rig.engine.inTurn(async () => rig.engine.peer !== undefined);
    peer.opened.resolve();
    expect(await done).toBe(true);
    await joining;
  });
});
