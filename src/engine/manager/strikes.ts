import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { isLoopback } from '../protocol/address.ts';

/** A peer, as far as strikes are concerned. PeerNode is one. */
export interface Suspect {
  readonly id: string;
  readonly name: string;
  readonly host: string;
}

/** The piece that was wrong. */
export interface Evidence {
  readonly object: string;
  readonly revision: string;
  readonly index: number;
}

/** What an examination found. `unknown`: the peer did not answer, or nobody knows what would have been right. */
export type Verdict = 'honest' | 'lied' | 'unknown';

export interface StrikesCollaborators {
  readonly clock: Clock;
  readonly log: Log;
  /** Takes a peer out for so many milliseconds, also when it rejoins under the same id in the meantime. */
  readonly setAside: (id: string, milliseconds: number, reason: string) => void;
  /** Reads this piece from this peer at once, as a member and as a plain client, and compares. */
  readonly examine: (id: string, evidence: Evidence) => Promise<Verdict>;
}

/** First time aside, and the longest, milliseconds. Each further strike doubles it. */
const FIRST_ASIDE = 30_000;
const LONGEST_ASIDE = 600_000;

/** A strike is forgotten after so many milliseconds without another one, one at a time. */
const FORGET_AFTER = 3_600_000;

/** What a single accusation costs the accused, and how often one accuser can bring that about, milliseconds. */
const SUSPICION = 10_000;
const SUSPICION_EVERY = 60_000;

/** Accusations count together for so many milliseconds; so many different accusers are believed without an examination. */
const ACCUSATION_LIFE = 600_000;
const BELIEVED_ACCUSERS = 2;

/** After so many accusations that an examination refuted, an accuser's word is worth nothing for ACCUSATION_LIFE. */
const MAX_REFUTED = 3;

/** Examinations of one accused, and on the word of one accuser, are at least so far apart, milliseconds: they cost both sides traffic. */
const EXAMINED_EVERY = 5_000;
const ACCUSER_EVERY = 1_000;

/** Records kept of struck peers and addresses, of accused and of accusers. */
const MAX_RECORDS = 4_096;

const LONG_AGO = Number.NEGATIVE_INFINITY;

interface StrikeRecord {
  strikes: number;
  /** Monotonic milliseconds. */
  at: number;
  until: number;
}

interface Accuser {
  examinedAt: number;
  suspicionAt: number;
  refuted: number;
  refutedAt: number;
}

interface Accused {
  /** When each accuser last spoke, monotonic milliseconds. */
  readonly by: Map<string, number>;
  examinedAt: number;
  examining: boolean;
}

/**
 * Remembers who sent wrong bytes.
 *
 * What the manager has seen itself (a piece that failed its verification, an audit that failed) is proof: a strike. The first takes the
 * peer out for 30 seconds, each further one for twice as long, up to ten minutes; an hour without a strike takes one back. Strikes are kept by id
 * and by address, so that neither a new session nor a new key wipes them out; loopback addresses do not count, many peers may stand there.
 *
 * What a member says is no proof: a liar could accuse everybody and be left as the only one who serves. So an accusation makes the manager
 * look for itself, at once, at exactly that piece, and meanwhile:
 * - one accuser takes the accused out for ten seconds, which is enough for the examination, and can do so once a minute in all, so that a
 *   liar alone never keeps more than a sixth of one peer's time from the office;
 * - two accusers at different addresses within ten minutes are believed: a peer that lies to members but not to the manager has no
 *   other judge. It takes two liars to abuse that, and the penalties end;
 * - who is set aside itself, or was refuted three times, is not listened to.
 */
export class Strikes {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #setAside: StrikesCollaborators['setAside'];
  readonly #examine: StrikesCollaborators['examine'];
  readonly #records = new Map<string, StrikeRecord>();
  readonly #accused = new Map<string, Accused>();
  readonly #accusers = new Map<string, Accuser>();

  constructor(collaborators: StrikesCollaborators) {
    this.#clock = collaborators.clock;
    this.#log = collaborators.log;
    this.#setAside = collaborators.setAside;
    this.#examine = collaborators.examine;
  }

  /**
   * Proof that a peer sent wrong bytes; `how` says in words how it was found. It is set aside and named in the log. Further proof while it
   * is set aside belongs to the same incident and changes nothing.
   */
  strike(suspect: Suspect, evidence: Evidence, how: string): void {
    const now = this.#clock.monotonic();
    const before = keysOf(suspect).map((key) => this.#records.get(key));
    if (before.some((record) => record !== undefined && record.until > now)) return;
    const strikes = Math.max(...before.map((record) => strikesLeft(record, now))) + 1;
    const milliseconds = Math.min(LONGEST_ASIDE, FIRST_ASIDE * 2 ** (strikes - 1));
    for (const key of keysOf(suspect)) put(this.#records, key, { strikes, at: now, until: now + milliseconds });
    this.#accused.delete(suspect.id);
    this.#log.warn(
      {
        peer: suspect.id,
        name: suspect.name,
        address: suspect.host,
        ...evidence,
        how,
        strikes,
        seconds: milliseconds / 1000,
      },
      'a peer sent wrong bytes and is set aside',
    );
    this.#setAside(suspect.id, milliseconds, `it sent wrong bytes (${how})`);
  }

  /** A peer has joined: if its address is still under a strike, so is the peer, whatever id it has now. */
  joined(suspect: Suspect): void {
    const now = this.#clock.monotonic();
    for (const key of keysOf(suspect)) {
      const left = (this.#records.get(key)?.until ?? 0) - now;
      if (left <= 0) continue;
      this.#setAside(suspect.id, left, 'a peer at its address sent wrong bytes');
      return;
    }
  }

  /** Strikes that a peer has at present. */
  count(suspect: Suspect): number {
    const now = this.#clock.monotonic();
    return Math.max(...keysOf(suspect).map((key) => strikesLeft(this.#records.get(key), now)));
  }

  /** A member says that another sent it wrong bytes. Resolves when the manager has looked for itself, or has seen no reason to; never rejects. */
  async accuse(accuser: Suspect, suspect: Suspect, evidence: Evidence): Promise<void> {
    const now = this.#clock.monotonic();
    const word = this.#wordOf(accuser, now);
    if (word === undefined || accuser.id === suspect.id) {
      this.#log.debug({ accuser: accuser.id, peer: suspect.id, ...evidence }, 'an accusation is not listened to');
      return;
    }
    const accused = this.#accused.get(suspect.id) ?? { by: new Map(), examinedAt: LONG_AGO, examining: false };
    put(this.#accused, suspect.id, accused);
    put(accused.by, distinct(accuser), now);
    const accusers = [...accused.by.values()].filter((at) => now - at < ACCUSATION_LIFE).length;
    if (accusers >= BELIEVED_ACCUSERS) {
      this.strike(suspect, evidence, `${accusers} members say so`);
      return;
    }
    if (now - word.suspicionAt >= SUSPICION_EVERY) {
      word.suspicionAt = now;
      this.#log.warn(
        { peer: suspect.id, name: suspect.name, address: suspect.host, accuser: accuser.id, ...evidence },
        'a member says that a peer sent wrong bytes; it is examined',
      );
      this.#setAside(suspect.id, SUSPICION, 'a member says that it sent wrong bytes');
    }
    if (accused.examining || now - accused.examinedAt < EXAMINED_EVERY || now - word.examinedAt < ACCUSER_EVERY) return;
    accused.examinedAt = now;
    word.examinedAt = now;
    await this.#look(accused, word, suspect, evidence);
  }

  async #look(accused: Accused, word: Accuser, suspect: Suspect, evidence: Evidence): Promise<void> {
    accused.examining = true;
    try {
      const verdict = await this.#examine(suspect.id, evidence);
      if (verdict === 'lied') this.strike(suspect, evidence, 'the examination after an accusation');
      if (verdict === 'honest') {
        word.refuted++;
        word.refutedAt = this.#clock.monotonic();
        this.#log.info({ peer: suspect.id, ...evidence }, 'an accusation could not be confirmed');
      }
    } catch (error) {
      this.#log.warn({ err: error, peer: suspect.id, ...evidence }, 'an accused peer could not be examined');
    } finally {
      accused.examining = false;
    }
  }

  /** What is known of an accuser; undefined where it is not listened to. */
  #wordOf(accuser: Suspect, now: number): Accuser | undefined {
    if (keysOf(accuser).some((key) => (this.#records.get(key)?.until ?? 0) > now)) return undefined;
    const key = distinct(accuser);
    const word = this.#accusers.get(key) ?? {
      suspicionAt: LONG_AGO,
      examinedAt: LONG_AGO,
      refuted: 0,
      refutedAt: LONG_AGO,
    };
    put(this.#accusers, key, word);
    if (now - word.refutedAt >= ACCUSATION_LIFE) word.refuted = 0;
    return word.refuted >= MAX_REFUTED ? undefined : word;
  }
}

/** What a peer is remembered by. */
function keysOf({ id, host }: Suspect): string[] {
  return isLoopback(host) ? [`id ${id}`] : [`id ${id}`, `address ${host}`];
}

/** What makes one accuser different from another: its address, since ids can be had for nothing. */
function distinct({ id, host }: Suspect): string {
  return isLoopback(host) ? id : host;
}

function strikesLeft(record: StrikeRecord | undefined, now: number): number {
  if (record === undefined) return 0;
  return Math.max(0, record.strikes - Math.floor(Math.max(0, now - record.until) / FORGET_AFTER));
}

/** Sets, and keeps the map bounded: what was set the longest ago goes. */
function put<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= MAX_RECORDS) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    return;
  }
}
