import type { ManagerMessage, Purge } from '../protocol/messages.ts';
import { CLOSE_GOING_AWAY } from '../protocol/wire.ts';
import type { ManagerWire } from './join.ts';
import type { Membership } from './membership.ts';
import type { SessionObserver } from './session-parts.ts';

/** Whom what the manager says concerns. */
export interface Hearing {
  readonly membership: Membership;
  readonly observer: SessionObserver;
  readonly purge: (purge: Purge) => void;
  readonly drained: () => void;
  /** Why the manager cannot reach this peer; undefined: it can. */
  readonly reached: (reason: string | undefined) => void;
}

/** Hands a message of the manager on to whom it concerns; one that has no place in a session ends it. */
export function hear(message: ManagerMessage, wire: ManagerWire, to: Hearing): void {
  const { membership, observer } = to;
  switch (message.type) {
    case 'members':
      if (message.full) membership.replaceAll(message.epoch, message.add);
      else if (!membership.apply(message.epoch, message.add, message.remove)) wire.send({ type: 'resync' });
      observer.changed?.();
      break;
    case 'ticket':
      membership.renew(message);
      break;
    case 'purge':
      to.purge(message.purge);
      break;
    case 'groups':
      observer.groups?.(message.groups);
      break;
    case 'drained-ok':
      to.drained();
      break;
    case 'unreachable':
      to.reached(message.reason);
      break;
    case 'reachable':
      to.reached(undefined);
      break;
    case 'draining':
      observer.managerDraining?.();
      break;
    case 'command':
      observer.command?.(message);
      break;
    case 'bye':
      wire.end(message.reason, CLOSE_GOING_AWAY);
      break;
    case 'challenge':
    case 'welcome':
    case 'refused':
      wire.end(`${message.type} belongs to the handshake`);
  }
}
