import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, Server } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { silentLog } from '../../../src/engine/base/log.ts';
import { Discovery } from '../../../src/engine/peer/discovery.ts';
import { knownManagers, trustManager } from '../../../src/engine/peer/pin-file.ts';
import { eventually, freePort } from '../../support/help.ts';
import { inState, lengthOf, Office } from './office.ts';

const FILES = { '/small': { size: 1000 } };
const OTHER_KEY = 'b'.repeat(64);

describe('a peer that waits for its manager', () => {
  it('says that it cannot be reached, and joins it once it is there', async () => {
    await using office = await Office.open(FILES);
    const port = Number(new URL(office.url).port);
    const settings = office.settings([], { persist: 'try' });
    await office.stopManager();
    const peer = await office.peer(settings);
    expect(peer.snapshot().state).toBe('joining');
    const { troubleCode, trouble, manager } = await inState(peer, 'disconnected');
    expect({ troubleCode, manager }).toEqual({ troubleCode: 'POTLUCK_MANAGER_UNREACHABLE', manager: null });
    expect(trouble).toContain(`127.0.0.1:${port}`);
    await office.startManager(port);
    expect(await inState(peer, 'sharing')).toMatchObject({ trouble: null, troubleCode: null });
  });

  it('can be told to give up', async () => {
    await using office = await Office.open(FILES);
    const settings = office.settings([], { persist: 'try' });
    await office.stopManager();
    const peer = await office.peer(settings);
    await inState(peer, 'disconnected');
    await peer.drain();
    await peer.done;
    expect(peer.snapshot()).toMatchObject({ state: 'ended', troubleCode: null });
  });

  it('ends with the reason where the manager refuses it for good', async () => {
    await using office = await Office.open(FILES, ['--join-token', 'secret']);
    const settings = office.settings(['--join-token', 'guess'], { persist: 'try' });
    const peer = await office.peer(settings);
    await expect(peer.done).rejects.toMatchObject({ code: 'POTLUCK_JOIN_REFUSED' });
    expect(peer.snapshot()).toMatchObject({ state: 'ended', troubleCode: 'POTLUCK_JOIN_REFUSED' });
    await expect(office.peer({ ...settings, persist: 'fail' })).rejects.toMatchObject({ code: 'POTLUCK_JOIN_REFUSED' });
    await office.sharing({ ...settings, joinToken: 'secret' });
  });
});

describe('the key of a manager', () => {
  it('that is not the one a link named is refused before anything is said', async () => {
    await using office = await Office.open(FILES);
    const settings = office.settings([], { upstreamKey: OTHER_KEY });
    const known = new Discovery({ log: silentLog }, { state: settings.state });
    const { fingerprint } = await known.inspect(office.url);
    await expect(office.peer(settings)).rejects.toMatchObject({
      code: 'POTLUCK_KEY_CHANGED',
      details: { url: office.url, pinned: OTHER_KEY, since: null, now: fingerprint },
    });
    expect(await knownManagers(settings.state)).toEqual([]);
    await office.sharing({ ...settings, upstreamKey: fingerprint });
  });

  it('that has changed stops the peer until a person trusts the new one', async () => {
    await using office = await Office.open(FILES);
    const port = Number(new URL(office.url).port);
    const settings = office.settings();
    const first = await office.sharing(settings);
    const { manager } = first.snapshot();
    const pinned = manager?.fingerprint ?? '';
    await first.close();
    await office.stopManager();
    await office.startManager(port, office.folder());
    const known = await knownManagers(settings.state);
    expect(known).toMatchObject([{ url: office.url, key: pinned, name: manager?.name }]);

    const peer = await office.peer({ ...settings, persist: 'try' });
    await expect(peer.done).rejects.toMatchObject({ code: 'POTLUCK_KEY_CHANGED' });
    const { keyChange } = peer.snapshot();
    expect(keyChange).toMatchObject({ url: office.url, name: manager?.name, pinned, since: known[0]?.since });
    const now = keyChange?.now ?? '';
    expect(now).not.toBe(pinned);
    // Nor does a link, or a list that names the new key, replace what is pinned without a word.
    await expect(office.peer({ ...settings, upstreamKey: now })).rejects.toMatchObject({ details: { pinned, now } });

    await trustManager(settings.state, { url: office.url, fingerprint: now });
    await office.sharing({ ...settings, upstreamKey: now });
    expect(await knownManagers(settings.state)).toMatchObject([{ url: office.url, key: now, name: manager?.name }]);
  });

  it('that changes while a peer runs is shown, and nothing of the new manager is taken', async () => {
    await using office = await Office.open(FILES);
    const port = Number(new URL(office.url).port);
    const peer = await office.sharing();
    const pinned = peer.snapshot().manager?.fingerprint;
    await office.stopManager();
    await office.startManager(port, office.folder());
    await expect.poll(() => peer.snapshot().keyChange, { timeout: 10_000 }).toMatchObject({ pinned, url: office.url });
    expect(peer.snapshot()).toMatchObject({ state: 'disconnected', troubleCode: 'POTLUCK_KEY_CHANGED' });
    await peer.close();
    await peer.done;
  });
});

describe('a start that cannot be', () => {
  it('says that the port is taken, and leaves nothing behind', async () => {
    await using office = await Office.open(FILES);
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    const settings = office.settings();
    const onTaken = { ...settings, listen: { host: '127.0.0.1', port } };
    await expect(office.peer(onTaken)).rejects.toMatchObject({ code: 'POTLUCK_PORT_IN_USE' });
    await expect(office.peer({ ...onTaken, persist: 'try' })).rejects.toMatchObject({ code: 'POTLUCK_PORT_IN_USE' });
    const next = await freePort();
    const peer = await office.sharing({ ...settings, listen: { host: '127.0.0.1', port: next } });
    expect(peer.snapshot().port).toBe(next);
    await new Promise((resolve) => taken.close(resolve));
  });

  it('says that the state folder cannot be written, or is in use', async () => {
    await using office = await Office.open(FILES);
    const settings = office.settings();
    const file = join(office.folder(), 'file');
    writeFileSync(file, '');
    await expect(office.peer({ ...settings, state: join(file, 'state') })).rejects.toMatchObject({
      code: 'POTLUCK_STATE_UNWRITABLE',
    });
    mkdirSync(join(settings.state, 'managers.json'));
    await expect(office.peer(settings)).rejects.toMatchObject({ code: 'POTLUCK_FILE_UNREADABLE' });
    const used = office.settings();
    await office.sharing(used);
    await expect(office.peer(used)).rejects.toMatchObject({ code: 'POTLUCK_STATE_IN_USE' });
  });
});

/** The listening socket of a port in this process. */
function listenerAt(port: number): Server {
  const handles = (process as unknown as { _getActiveHandles(): unknown[] })._getActiveHandles();
  const found = handles.find(
    (one) => one instanceof Server && (one.address() as { port?: number } | null)?.port === port,
  );
  if (!(found instanceof Server)) throw new Error(`nothing listens at ${port}`);
  return found;
}

describe('an engine that fails', () => {
  it('is closed, says why, and another one can be started in its place', async () => {
    await using office = await Office.open(FILES);
    const settings = office.settings();
    const peer = await office.sharing(settings);
    listenerAt(peer.snapshot().port).close();
    await expect(peer.done).rejects.toMatchObject({ code: 'POTLUCK_PORT_LOST' });
    expect(peer.snapshot()).toMatchObject({ state: 'ended', troubleCode: 'POTLUCK_PORT_LOST' });
    await office.sharing(settings);
  });

  it('goes on where it is one connection alone that could not be taken', async () => {
    await using office = await Office.open(FILES);
    const peer = await office.sharing();
    const listener = listenerAt(peer.snapshot().port);
    listener.emit('error', Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' }));
    expect(peer.snapshot().state).toBe('sharing');
    listener.emit('error', Object.assign(new Error('accept EINVAL'), { code: 'EINVAL' }));
    await expect(peer.done).rejects.toThrow('accept EINVAL');
  });
});

describe('twenty peers, one after the other in one process', () => {
  it('leave nothing behind', { timeout: 60_000 }, async () => {
    await using office = await Office.open(FILES);
    const settings = office.settings();
    expect(await lengthOf(await office.download('/small'))).toBe(1000);
    const before = leftovers();
    for (let i = 0; i < 20; i++) {
      const peer = await office.sharing(settings);
      expect(await lengthOf(await office.download('/small'))).toBe(1000);
      if (i % 3 === 0) await peer.drain();
      else if (i % 3 === 1) await peer.close();
      else {
        peer.goodbye();
        await peer.close();
      }
      await peer.done;
    }
    // A connection that is kept for later, on either side, is not one for each round.
    await eventually(() => {
      const more = [...leftovers()].filter(([kind, count]) => count > (before.get(kind) ?? 0) + 2);
      expect(more).toEqual([]);
    });
  });
});

/** How much the process holds of each kind: handles that keep it alive, and listeners on the process itself. */
function leftovers(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  for (const name of process.eventNames()) counts.set(`listeners: ${String(name)}`, process.listenerCount(name));
  return counts;
}
