import type { Throttle } from '../rate/throttle.ts';
import type { Connection } from '../serve/connection.ts';
import type { FastAnswers, FastOutcome, FastReply, FastRequest } from '../serve/fast/fast-answers.ts';
import type { ObjectStore, StoredObject } from '../store/object-store.ts';
import { type ObjectName, parseName } from './name.ts';
import type { Renderer } from './representation.ts';

/** Bodies up to this size are copied behind their head: one write of one buffer costs half of what two do. */
const JOINED = 16 * 1024;
/** Room for such a message. */
const ROOM = JOINED + 8 * 1024;

export interface StoreAnswersCollaborators {
  readonly objects: Pick<ObjectStore, 'get'>;
  readonly throttle: Throttle;
  readonly renderer: Renderer;
  /** An answer that could not leave at once is running. */
  readonly onRunning: () => void;
  /** An answer is over. */
  readonly onSent: (request: FastRequest, reply: StoreReply, connection: Connection, outcome: FastOutcome) => void;
}

/** An answer, and what was taken for it. */
export interface StoreReply extends FastReply {
  readonly cache: 'hit' | 'miss';
  /** `running` was called for it. */
  running: boolean;
  readonly object: StoredObject | undefined;
  readonly room: Buffer | undefined;
}

/**
 * A store's answers for the fast path: GET and HEAD without conditions and ranges, of objects that fit memory as a whole and of objects that
 * are nowhere. Everything else takes the ordinary way.
 */
export class StoreAnswers implements FastAnswers {
  readonly throttle: Throttle;
  readonly #with: StoreAnswersCollaborators;
  /** Where messages are joined; a message that did not leave at once takes it along, and the next one gets another. */
  #room: Buffer | undefined;

  constructor(collaborators: StoreAnswersCollaborators) {
    this.throttle = collaborators.throttle;
    this.#with = collaborators;
  }

  answer(request: FastRequest, connection: Connection): FastReply | undefined | Promise<FastReply | undefined> {
    if (request.fields.conditional) return undefined;
    try {
      const { dir, id, tags } = nameIn(request);
      const found = this.#with.objects.get(dir, id, { tags, claim: 'client', signal: connection.signal });
      return found instanceof Promise ? this.#later(request, found) : this.#reply(request, found);
    } catch {
      return undefined; // it will throw on the ordinary path again, where it is told
    }
  }

  /** Out of the disk tier. A large body is left to the ordinary path, which sends it in parts. */
  async #later(request: FastRequest, found: Promise<StoredObject | undefined>): Promise<FastReply | undefined> {
    try {
      return this.#reply(request, await found);
    } catch {
      return undefined; // as above
    }
  }

  #reply(request: FastRequest, found: StoredObject | undefined): StoreReply | undefined {
    return found === undefined ? this.#missed(request) : this.#whole(request, found);
  }

  running(_request: FastRequest, reply: FastReply): void {
    (reply as StoreReply).running = true;
    this.#with.onRunning();
  }

  sent(request: FastRequest, sent: FastReply, connection: Connection, outcome: FastOutcome): void {
    const reply = sent as StoreReply;
    reply.object?.entry?.release(!outcome.complete && outcome.stillRead);
    if (reply.room !== undefined && !outcome.stillRead) this.#room = reply.room;
    this.#with.onSent(request, reply, connection, outcome);
  }

  #whole({ method }: FastRequest, object: StoredObject): StoreReply | undefined {
    const { entry } = object;
    if (entry === undefined) {
      object.reader?.close();
      return undefined;
    }
    const head = this.#with.renderer.wholeHead(object);
    const base = { status: 200, head, cache: 'hit', running: false } as const;
    const body = method === 'HEAD' ? undefined : entry.bytes;
    if (body === undefined || body.length === 0) {
      entry.release();
      return { ...base, body: undefined, object: undefined, room: undefined };
    }
    if (body.length > JOINED || head.length + body.length > ROOM) return { ...base, body, object, room: undefined };
    const room = this.#room ?? Buffer.allocUnsafeSlow(ROOM);
    this.#room = undefined;
    room.write(head, 0, 'latin1');
    body.copy(room, head.length);
    entry.release();
    const message = room.subarray(0, head.length + body.length);
    return { ...base, body: undefined, message, object: undefined, room };
  }

  #missed({ method }: FastRequest): StoreReply {
    const { head, body } = this.#with.renderer.missed();
    const sent = method === 'HEAD' ? undefined : body;
    return { status: 404, head, body: sent, cache: 'miss', running: false, object: undefined, room: undefined };
  }
}

/** The same request is read once. */
function nameIn(request: FastRequest): ObjectName {
  const known = request.memo as ObjectName | undefined;
  if (known !== undefined) return known;
  const name = parseName(request.target, 'any');
  request.memo = name;
  return name;
}
