import type { Throttle } from '../rate/throttle.ts';
import type { Connection } from '../serve/connection.ts';
import type { FastAnswers, FastOutcome, FastReply, FastRequest } from '../serve/fast/fast-answers.ts';
import { headText } from '../serve/fast/head-text.ts';
import { partialBody } from '../serve/object-answer.ts';
import { planFor } from '../serve/plan.ts';
import type { ObjectStore, StoredObject } from '../store/object-store.ts';
import { type ObjectName, parseName } from './name.ts';
import { letGo } from './reply-read.ts';
import { notModified, type Renderer } from './representation.ts';

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

/** What is sent. The body is a part of the object's. */
interface Made {
  readonly status: number;
  readonly head: string;
  readonly body: Buffer | undefined;
}

/**
 * A store's answers for the fast path: 200, 206 with one range, 304 and 404, of objects that fit memory as a whole and of objects that are
 * nowhere. Everything else takes the ordinary way.
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

  /** The object is held until the answer is sent, or given back. */
  #reply(request: FastRequest, found: StoredObject | undefined): StoreReply | undefined {
    if (found === undefined) return this.#missed(request);
    try {
      const { entry } = found;
      const made = entry && this.#make(request, found, entry.bytes);
      if (made !== undefined) return this.#hold(made, found);
    } catch (error) {
      letGo(found);
      throw error;
    }
    letGo(found);
    return undefined;
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

  #make({ method, fields }: FastRequest, object: StoredObject, bytes: Buffer): Made | undefined {
    const { renderer } = this.#with;
    const whole = () => ({
      status: 200,
      head: renderer.wholeHead(object),
      body: method === 'HEAD' ? undefined : bytes,
    });
    if (!fields.conditional) return whole();
    const shown = renderer.show(object);
    const plan = planFor({ method, headers: fields.headers }, shown);
    if (plan === 'whole') return whole();
    if (plan === 304) return made(304, notModified(shown.headers), undefined);
    const range = typeof plan === 'number' || plan.length > 1 ? undefined : plan[0];
    if (range === undefined) return undefined;
    return made(206, partialBody(shown.headers, shown, [range]).head, bytes.subarray(range.start, range.end + 1));
  }

  #hold({ status, head, body }: Made, object: StoredObject): StoreReply {
    const base = { status, head, cache: 'hit', running: false } as const;
    if (body !== undefined && (body.length > JOINED || head.length + body.length > ROOM)) {
      return { ...base, body, object, room: undefined };
    }
    if (body === undefined || body.length === 0) {
      letGo(object);
      return { ...base, body: undefined, object: undefined, room: undefined };
    }
    const room = this.#room ?? Buffer.allocUnsafeSlow(ROOM);
    this.#room = undefined;
    room.write(head, 0, 'latin1');
    body.copy(room, head.length);
    letGo(object);
    const message = room.subarray(0, head.length + body.length);
    return { ...base, body: undefined, message, object: undefined, room };
  }

  #missed({ method }: FastRequest): StoreReply {
    const { head, body } = this.#with.renderer.missed();
    const sent = method === 'HEAD' ? undefined : body;
    return { status: 404, head, body: sent, cache: 'miss', running: false, object: undefined, room: undefined };
  }
}

/** Undefined where a field cannot be sent, which the ordinary path then says. */
function made(status: number, fields: readonly string[], body: Buffer | undefined): Made | undefined {
  const head = headText({ status, fields });
  return head === undefined ? undefined : { status, head, body };
}

/** The same request is read once. */
function nameIn(request: FastRequest): ObjectName {
  const known = request.memo as ObjectName | undefined;
  if (known !== undefined) return known;
  const name = parseName(request.target, 'any');
  request.memo = name;
  return name;
}
