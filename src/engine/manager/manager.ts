import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { type Clock, systemClock } from '../base/clock.ts';
import { Collector } from '../base/collector.ts';
import { CloseStack, startOrClose } from '../base/lifecycle.ts';
import type { FaceOptions, RunningNode } from '../base/running.ts';
import type { ManagerSettings } from '../base/settings.ts';
import { openStateFolder } from '../base/state-folder.ts';
import { lockState } from '../base/state-lock.ts';
import { PIECE_SIZE } from '../content/piece.ts';
import { collecting } from '../load/collecting.ts';
import { KeptContent } from '../load/kept-content.ts';
import { Loader } from '../load/loader.ts';
import { ManagerSource } from '../load/manager-source.ts';
import { MemberClient } from '../load/members.ts';
import { MemoryGrant } from '../load/memory-grant.ts';
import { TICKET_LIFE } from '../protocol/limits.ts';
import { TicketChecker } from '../protocol/ticket.ts';
import { Throttle } from '../rate/throttle.ts';
import { Changes } from './changes.ts';
import { ManagerContent } from './content.ts';
import { Fleet } from './fleet.ts';
import { GivenTable } from './given-table.ts';
import { loadIdentity } from './identity-file.ts';
import { OwnCluster } from './own-cluster.ts';
import { ManagerPorts } from './ports.ts';
import { PurgeLog } from './purge-log.ts';
import { RequestLog } from './request-log.ts';
import { Resumption } from './resumption.ts';
import { ShieldService } from './shield-service.ts';

/** The manager in its own tickets: no peer has this id, for theirs are made from their keys. */
const OWN_ID = '0'.repeat(32);
/** Share of the memory that may be on its way by reading ahead. */
const READ_AHEAD_SHARE = 1 / 4;

/** Starts a manager. Rejects with what kept it from starting; everything that was opened is closed by then. */
export async function startManager(settings: ManagerSettings, options: FaceOptions): Promise<RunningNode> {
  openStateFolder(settings.state);
  const stack = new CloseStack();
  let ports: ManagerPorts | undefined;
  await startOrClose(stack, async () => {
    ports = await compose(settings, options, stack);
    options.signal.throwIfAborted();
  });
  return ports as ManagerPorts;
}

/** Builds everything a manager consists of and starts it, in this order; the stack closes it in the reverse one. */
async function compose(settings: ManagerSettings, options: FaceOptions, stack: CloseStack): Promise<ManagerPorts> {
  const { log } = options;
  const clock = systemClock;
  stack.use(await lockState(settings.state, 'manager'));
  const identity = await loadIdentity(join(settings.state, 'identity.pem'));
  const purges = stack.use(await PurgeLog.open(join(settings.state, 'purges.jsonl'), log));
  const changes = stack.use(new Changes({ clock, log }, { path: join(settings.state, 'revisions.jsonl') }));
  await changes.start();
  const collector = new Collector();
  const upload = new Throttle({ clock }, { rate: settings.uploadCap });
  const download = new Throttle({ clock }, { rate: settings.downloadCap });
  const memory = new Resumption({ changes, given: new GivenTable({ clock }) });
  const grant = new MemoryGrant(settings.memory);
  const folder = join(settings.state, 'cache', 'manager');
  const kept = stack.use(await KeptContent.open({ clock, log }, { ...settings, folder, memory: grant.pieces }));
  const held = { grant, kept, purges, memory };
  const content = stack.use(new ManagerContent({ identity, ...held, download, collector, clock, log }, settings));
  await content.start();
  const requestLog = stack.use(new RequestLog({ write: (line) => options.access.record(line) }));
  await requestLog.start();
  const ticket = ownTicket(clock, () => fleet.tickets);
  const members = stack.use(new MemberClient({ flow: collecting(download.flow('member'), collector), ticket }));
  const name = hostname();
  const collaborators = { identity, content, members, purges, requestLog, upload, download, clock, log };
  const fleet: Fleet = stack.use(new Fleet(collaborators, settings, { name }));
  await fleet.start();
  const tickets = new TicketChecker({ verifier: content.verifier, knows: (id) => !fleet.registry.isSetAside(id) });
  const { shield, store, verifier } = content;
  const service = new ShieldService({ shield, store, locations: fleet.locations, verifier, tickets, clock });
  const cluster = new OwnCluster({
    registry: fleet.registry,
    verifier,
    generation: (group, target, tags) => purges.generation(group, target, tags),
    ticket,
    proxy: (piece) => (settings.mode === 'proxy' ? fleet.balancer.pickForProxy(piece, []) : undefined),
    struck: (node, evidence) => fleet.strikes.strike(node, evidence, 'a piece sent to the manager'),
  });
  const readAhead = Math.max(2, Math.floor((settings.memory * READ_AHEAD_SHARE) / PIECE_SIZE));
  const sources = { store, cluster, members, shield: service.own, download, clock, log };
  const loader = new Loader(sources, { readAhead, proxied: true });
  const source = new ManagerSource({ shield, loader });
  const ports = new ManagerPorts(
    { identity, content, fleet, purges, requestLog, service, source, upload, download, clock, log, stack },
    settings,
    { name },
  );
  await ports.start();
  return ports;
}

/** A ticket for the manager's own requests, made anew when half its life is over. */
function ownTicket(clock: Clock, tickets: () => Fleet['tickets']): () => string {
  let ticket = '';
  let until = Number.NEGATIVE_INFINITY;
  return () => {
    const now = clock.monotonic();
    if (now >= until) {
      ticket = tickets().issue(OWN_ID, ownAddresses()).ticket;
      until = now + TICKET_LIFE / 2;
    }
    return ticket;
  };
}

function ownAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((list) => (list ?? []).map(({ address }) => address))
    .slice(0, 16);
}
