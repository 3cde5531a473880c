import { randomUUID } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import type { Head } from '../content/head.ts';
import { countHeader, headerOf, type RawHeaders } from '../content/headers.ts';
import { type ObjectKey, objectId } from '../content/key.ts';
import { PIECE_SIZE } from '../content/piece.ts';
import { revisionOf, validatorOf } from '../content/revision.ts';
import type { Identity, PieceProof } from '../content/signature.ts';
import { tagsOf } from '../content/tags.ts';
import { correctedInitialAge, freshnessOf } from '../policy/freshness.ts';
import { isPersonal } from '../policy/reuse.ts';
import { headRules, storedHeaders } from '../policy/storable.ts';
import { freshenHeaders } from '../policy/validation.ts';
import type { OriginAnswer, Representation } from './answer.ts';
import { LiveHead } from './live-head.ts';
import { ProofBook } from './proofs.ts';

/** How often what a target belongs to has been purged; see manager/purge-log.ts. */
export interface Generations {
  generation(group: string, target: string, tags?: readonly string[]): number;
  /** Number of the latest purge of all; no generation is above it. */
  readonly last: number;
}

/** Makes heads out of the origin's answers, and new heads out of old ones. The manager alone has one. */
export class HeadMaker {
  readonly proofs = new ProofBook();
  readonly #identity: Identity;
  readonly #generations: Generations;
  readonly #clock: Clock;
  readonly #defaultSeconds: number;
  #serial = 0;

  constructor(
    collaborators: { identity: Identity; generations: Generations; clock: Clock },
    options: { cacheTime: number },
  ) {
    this.#identity = collaborators.identity;
    this.#generations = collaborators.generations;
    this.#clock = collaborators.clock;
    this.#defaultSeconds = options.cacheTime;
  }

  /** False where something that the head belongs to has been purged since its bytes were fetched. */
  isCurrent(head: Head): boolean {
    return head.generation === this.#generations.generation(head.group, head.target, tagsOf(head.headers));
  }

  /** Fingerprint of the key that signs. */
  get signer(): string {
    return this.#identity.fingerprint;
  }

  /** Number of the latest purge of all. */
  get lastPurge(): number {
    return this.#generations.last;
  }

  /** True where what an answer belongs to was purged after it had been asked for: its bytes may be those that were purged. */
  isOvertaken({ request, headers, purgesBefore, outdated }: OriginAnswer): boolean {
    const { group, target } = request;
    return outdated || this.#generations.generation(group, target, tagsOf(headers)) > purgesBefore;
  }

  /**
   * The head of an answer that may be stored. While the length is unknown it stands as 0, and the head is for the stream's use only.
   */
  make(answer: OriginAnswer, representation: Representation, vary: ObjectKey['vary']): LiveHead {
    const { request, receivedAt } = answer;
    const headers = storedHeaders(answer.headers, answer.responseTime);
    const generation = this.#generations.generation(request.group, request.target, tagsOf(headers));
    const object = objectId({ group: request.group, target: request.target, vary });
    const validator = validatorOf(headers, representation.length, randomUUID());
    const encoding = headerOf(headers, 'content-encoding') ?? '';
    const revision = revisionOf({ object, encoding, generation, validator });
    return this.#live(receivedAt, {
      object,
      group: request.group,
      target: request.target,
      vary,
      revision,
      status: representation.status,
      headers,
      length: representation.length ?? 0,
      pieceSize: PIECE_SIZE,
      etag: headerOf(headers, 'etag') ?? `"${revision}"`,
      validator: validator.kind,
      ranges: representation.partial || this.#single(representation),
      generation,
      serial: this.#nextSerial(),
      ...this.#timing(answer, headers, representation.status),
    });
  }

  /** The head after a 304 (RFC 9111 section 4.3.4): same revision, new fields and freshness. */
  freshen(live: LiveHead, answer: OriginAnswer): LiveHead {
    const headers = freshenHeaders(live.head.headers, answer.headers, answer.responseTime);
    const timing = this.#timing(answer, headers, live.head.status);
    return this.#live(answer.receivedAt, { ...live.head, headers, ...timing, serial: this.#nextSerial() });
  }

  /** The head with something more known of it; freshness goes on from where it was. */
  amend(live: LiveHead, known: Partial<Pick<Head, 'length' | 'digest' | 'ranges'>>): LiveHead {
    const now = this.#clock.monotonic();
    const head = { ...live.head, ...known, fresh: live.freshness(now), age: live.age(now), serial: this.#nextSerial() };
    return this.#live(now, head);
  }

  /** A head that a peer brought back after a restart: signed by this identity, but its freshness is long past counting. */
  adopt(head: Head): LiveHead {
    this.#serial = Math.max(this.#serial, head.serial);
    return this.#live(this.#clock.monotonic(), { ...head, fresh: Math.min(head.fresh, -1) });
  }

  /** A head of before a restart, as it stood `elapsed` milliseconds ago: freshness and age are counted on from there. */
  resume(head: Head, elapsed: number): LiveHead {
    this.#serial = Math.max(this.#serial, head.serial);
    return this.#live(this.#clock.monotonic() - elapsed, head);
  }

  /** Signs a piece that came from the origin, and remembers the proof. */
  signPiece(head: Pick<Head, 'object' | 'revision'>, index: number, bytes: Buffer): PieceProof {
    const proof = this.#identity.signPiece(head.object, head.revision, index, bytes);
    this.proofs.record(head.revision, index, proof);
    return proof;
  }

  #single(representation: Representation): boolean {
    return representation.length !== undefined && representation.length <= PIECE_SIZE;
  }

  #live(receivedAt: number, head: Head): LiveHead {
    return new LiveHead(head, receivedAt, { sign: (current) => this.#identity.signHead(current) });
  }

  /** Raised by every update, also over restarts: it is never lower than the clock's microseconds. */
  #nextSerial(): number {
    this.#serial = Math.max(this.#serial + 1, this.#clock.now() * 1000);
    return this.#serial;
  }

  #timing(answer: OriginAnswer, headers: RawHeaders, status: number): Pick<Head, 'fresh' | 'age' | 'rules'> {
    // An unkept Set-Cookie is no longer among the stored fields, but it still says that the answer was for one person.
    const personal = isPersonal(answer.request.headers) || countHeader(answer.headers, 'set-cookie') > 0;
    const age = correctedInitialAge(answer);
    const freshness = freshnessOf({
      status,
      headers,
      requestHadCookie: personal,
      requestHadAuthorization: personal,
      responseTime: answer.responseTime,
      defaultSeconds: this.#defaultSeconds,
    });
    return { fresh: freshness.lifetime - age, age, rules: headRules(headers, freshness) };
  }
}
