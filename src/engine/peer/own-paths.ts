import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../base/clock.ts';
import { PotluckError } from '../base/errors.ts';
import type { HeadTable } from '../load/heads.ts';
import type { LiveHead } from '../load/live-head.ts';
import { storedProof } from '../load/stored-proof.ts';
import { HEADS_PREFIX, HEALTH_PATH, PIECE_PATH } from '../protocol/paths.ts';
import type { Throttle } from '../rate/throttle.ts';
import type { InternalHandlers } from '../serve/collaborators.ts';
import { HeadsEndpoint } from '../serve/heads-document.ts';
import { MemberRequests, sendJson } from '../serve/member-requests.ts';
import type { Store } from '../store/store.ts';
import type { PeerContent } from './content.ts';
import { PeerService } from './member-service.ts';
import type { Membership } from './membership.ts';
import type { PeerSession } from './session.ts';

export interface OwnPathsCollaborators {
  readonly content: PeerContent;
  readonly store: Store;
  readonly heads: HeadTable;
  readonly membership: Membership;
  readonly session: PeerSession;
  readonly upload: Throttle;
  readonly clock: Clock;
}

/** What a peer answers below /_potluck/, and the part of it that members ask for pieces. */
export function ownPaths(collaborators: OwnPathsCollaborators): { paths: InternalHandlers; members: MemberRequests } {
  const { content, store, heads, membership, session, upload, clock } = collaborators;
  const ticketOf = (request: IncomingMessage) =>
    membership.authorise(request.headers.authorization, request.socket.remoteAddress);
  const { loader } = content;
  const verifier = () => membership.verifier;
  const service = new PeerService({ loader, store, clock, verifier, ticketOf });
  const members = new MemberRequests({ service, throttle: upload });
  const endpoint = new HeadsEndpoint({
    known: { head: headIn(heads), proof: (live, index) => storedProof(store, live, index) },
    clock,
  });
  const health = (request: IncomingMessage, response: ServerResponse) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') throw new PotluckError('POTLUCK_METHOD_NOT_ALLOWED');
    sendJson(response, 200, session.health((request.url ?? '').split('?')[1] ?? ''));
  };
  const paths: InternalHandlers = {
    exact: new Map([
      [HEALTH_PATH, health],
      [PIECE_PATH, members.piece],
    ]),
    prefixes: [[HEADS_PREFIX, endpoint.handle]],
  };
  return { paths, members };
}

function headIn(heads: HeadTable) {
  return (object: string, revision: string): LiveHead | undefined => {
    const live = heads.byObject(object);
    return live?.head.revision === revision ? live : undefined;
  };
}
