import { hostname } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../base/clock.ts';
import { CloseStack, startOrClose } from '../base/lifecycle.ts';
import type { PeerOptions, RunningPeer } from '../base/running-peer.ts';
import type { PeerSettings } from '../base/settings.ts';
import { openStateFolder } from '../base/state-folder.ts';
import { lockState } from '../base/state-lock.ts';
import { VERSION } from '../base/version.ts';
import { HeadTable } from '../load/heads.ts';
import { KeptContent } from '../load/kept-content.ts';
import { MemoryGrant } from '../load/memory-grant.ts';
import { isLoopback } from '../protocol/address.ts';
import { peerIdOf } from '../protocol/handshake.ts';
import { parseHours } from '../rate/hours.ts';
import { Throttle } from '../rate/throttle.ts';
import { PeerContent } from './content.ts';
import { HeldContent } from './held.ts';
import { loadPeerIdentity } from './identity-file.ts';
import type { PeerFacts } from './join.ts';
import { Membership } from './membership.ts';
import { Outbox } from './outbox.ts';
import { PinFile } from './pin-file.ts';
import { PeerPorts } from './ports.ts';
import { PeerSession } from './session.ts';
import { whereaboutsOf } from './whereabouts.ts';

/**
 * Starts a peer: listens, joins its manager, serves. Rejects with what kept it from that; everything that was opened is closed by then. With
 * `persist: 'try'` it answers as soon as its ports are open, and what becomes of the join is seen in its snapshot.
 */
export async function startPeer(settings: PeerSettings, options: PeerOptions): Promise<RunningPeer> {
  parseHours(settings.hours ?? 'always'); // a mistake in it is said before anything is opened
  openStateFolder(settings.state);
  const stack = new CloseStack();
  let ports: PeerPorts | undefined;
  await startOrClose(stack, async () => {
    ports = await compose(settings, options, stack);
  });
  return ports as PeerPorts;
}

/** Builds everything a peer consists of and starts it, in this order; the stack closes it in the reverse one. */
async function compose(settings: PeerSettings, options: PeerOptions, stack: CloseStack): Promise<PeerPorts> {
  const { log, signal } = options;
  const clock = systemClock;
  stack.use(await lockState(settings.state, 'peer'));
  const identity = await loadPeerIdentity(join(settings.state, 'peer.pem'));
  const pins = await PinFile.open(join(settings.state, 'managers.json'), { clock });
  const id = peerIdOf(identity.fingerprint);
  const upload = new Throttle({ clock }, { rate: settings.uploadCap });
  const download = new Throttle({ clock }, { rate: settings.downloadCap });
  const outbox = new Outbox();
  const membership = new Membership({ clock, log, outbox }, { self: id });
  const grant = new MemoryGrant(settings.memory);
  const onDrop = (dir: string, id: string) => outbox.announce({ dropped: { dir, id } });
  const folder = settings.cacheFolder ?? join(settings.state, 'cache', 'peer');
  const kept = stack.use(await KeptContent.open({ clock, log }, { ...settings, folder, memory: grant.pieces, onDrop }));
  const { store } = kept;
  const heads = new HeadTable({ bytes: grant.heads });
  const held = new HeldContent({ kept, heads, cluster: membership, clock, log });
  await held.start();
  const content = stack.use(new PeerContent({ store, heads, membership, download, clock, log }, settings));
  const whereabouts = stack.use(whereaboutsOf(settings, { pins, membership, clock, log }));
  await whereabouts.start();
  const session: PeerSession = new PeerSession(
    {
      identity,
      pins,
      membership,
      outbox,
      clock,
      log,
      whereabouts,
      facts: () => factsOf(settings, ports.port),
      collect: () => ports.collect(),
      holdings: () => ({ pieces: held.pieces(), heads: held.heads() }),
      purged: (signer) => held.purgedUnder(signer),
      observer: {
        belongs: (signer) => held.joined(signer),
        missed: (purges, last) => held.missed(purges, last),
        purge: (purge) => held.purge(purge),
        reset: () => held.reset(),
        joined: ({ groups }) => {
          whereabouts.joined();
          ports.setGroups(groups);
        },
        groups: (groups) => ports.setGroups(groups),
        command: (command) => ports.obey(command),
        changed: () => ports.changed(),
        refused: (error) => ports.fail(error),
      },
    },
    {
      joinToken: settings.joinToken,
      persist: settings.persist === 'try',
      follows: settings.follow !== undefined,
      sent: upload,
      received: download,
    },
  );
  const ports: PeerPorts = new PeerPorts(
    {
      id,
      content,
      store,
      kept,
      grant,
      heads,
      membership,
      session,
      upload,
      download,
      access: options.access,
      held: options.holds ?? [],
      refresh: () => whereabouts.refresh(),
      clock,
      log,
      stack,
    },
    settings,
  );
  await ports.start();
  stack.use(session);
  await session.start({ signal });
  ports.begun();
  return ports;
}

function factsOf(settings: PeerSettings, port: number): PeerFacts {
  const { host } = settings.listen;
  const wide = host === undefined || host === '0.0.0.0' || host === '::';
  return {
    name: hostname(),
    version: VERSION,
    port,
    tls: settings.tls !== undefined,
    listensWide: wide || !isLoopback(host),
    ...(wide ? {} : { listenHost: host }),
    ...(settings.advertise === undefined ? {} : { advertise: advertised(settings.advertise) }),
    capacity: settings.capacity,
    ...(settings.location === undefined ? {} : { location: settings.location }),
    memory: settings.memory,
    caps: {
      ...(settings.uploadCap === undefined ? {} : { upload: settings.uploadCap }),
      ...(settings.downloadCap === undefined ? {} : { download: settings.downloadCap }),
    },
  };
}

function advertised({ host, port }: NonNullable<PeerSettings['advertise']>) {
  return port === undefined ? { host } : { host, port };
}
