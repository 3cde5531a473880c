import { setTimeout as sleep } from 'node:timers/promises';
import { PotluckError } from '../base/errors.ts';
import type { Head, SignedHead } from '../content/head.ts';
import { pieceCount, pieceHash } from '../content/piece.ts';
import type { PieceProof } from '../content/signature.ts';
import { type Http, reasonOf } from './get-http.ts';
import type { GetLimits } from './get-limits.ts';
import { headsPath } from './get-lookup.ts';
import type { Manager } from './get-manager.ts';
import { checkHead, fetchPage, openHead, type Page } from './get-page.ts';

/** Where the hash of a piece is asked for, one after the other, and how long is waited before, in milliseconds. */
const QUESTIONS = [
  ['source', 0],
  ['manager', 0],
  ['source', 150],
  ['manager', 300],
  ['source', 600],
  ['manager', 1200],
] as const;

/**
 * The signed head and the signed hashes of one revision: what makes bytes from anybody trustworthy. A cold object has none yet; they
 * become known piece by piece as the cluster fetches it, so they are asked for after the bytes, at the peer that sent them.
 */
export class SignedHashes {
  readonly head: Head;
  readonly #http: Http;
  readonly #limits: GetLimits;
  readonly #manager: Manager;
  readonly #proofs = new Map<number, PieceProof>();
  /** One question at a time per host: the next one may find its answer in the one before. */
  readonly #asking = new Map<string, Promise<unknown>>();
  #digest: string | undefined;
  #serial: number;

  private constructor(http: Http, limits: GetLimits, manager: Manager, head: Head) {
    this.#http = http;
    this.#limits = limits;
    this.#manager = manager;
    this.head = head;
    this.#digest = head.digest;
    this.#serial = head.serial;
  }

  /**
   * Asks the manager, then the sources, for the head, and checks that it is what the URL means.
   * Throws POTLUCK_DOWNLOAD_FAILED where nobody has it, POTLUCK_BAD_PIECE where its signature or its content is wrong.
   */
  static async open(
    tools: { http: Http; limits: GetLimits; manager: Manager },
    wanted: { url: URL; object: string; revision: string; sources: readonly string[] },
    signal: AbortSignal,
  ): Promise<SignedHashes> {
    const { http, limits, manager } = tools;
    const bases = new Set([manager.base, ...wanted.sources.map((source) => new URL(source).origin)]);
    let failure: PotluckError | undefined;
    for (const base of bases) {
      try {
        const page = await fetchPage(http, limits, base + headsPath(wanted.object, wanted.revision), 0, signal);
        const head = openHead(manager.verifier, page.head);
        checkHead(head, wanted);
        const hashes = new SignedHashes(http, limits, manager, head);
        hashes.#take(page);
        return hashes;
      } catch (error) {
        signal.throwIfAborted();
        // The manager's own answer is the one worth telling of.
        failure ??= isForged(error)
          ? error
          : new PotluckError('POTLUCK_DOWNLOAD_FAILED', `${base} has no signed hashes (${reasonOf(error)})`);
      }
    }
    throw failure ?? new PotluckError('POTLUCK_DOWNLOAD_FAILED', 'there is nobody to ask for signed hashes');
  }

  /** SHA-256 of the whole, hexadecimal, once the manager knows it. */
  get digest(): string | undefined {
    return this.#digest;
  }

  /** The proof of a piece, if it is known here. */
  known(index: number): PieceProof | undefined {
    return this.#proofs.get(index);
  }

  /** True where the proof is the manager's for this piece and the bytes are the ones it speaks of; it is then known from now on. */
  vouches(index: number, proof: PieceProof, bytes: Uint8Array): boolean {
    const { object, revision } = this.head;
    if (!this.#manager.verifier.verifyProof(object, revision, index, proof)) return false;
    if (pieceHash(bytes) !== proof.sha256) return false;
    this.#proofs.set(index, proof);
    return true;
  }

  /**
   * The proof of a piece, asked for at `base` (who sent its bytes) and at the manager until it is known or neither has it.
   * Throws POTLUCK_BAD_PIECE where `base` passes on a hash that the manager has not signed.
   */
  async need(index: number, base: string, signal: AbortSignal): Promise<PieceProof | undefined> {
    for (const [where, delay] of QUESTIONS) {
      if (this.#proofs.has(index)) break;
      if (delay > 0) await sleep(delay, undefined, { signal });
      await this.#ask(index, where === 'source' ? base : this.#manager.base, signal);
    }
    return this.#proofs.get(index);
  }

  #ask(index: number, base: string, signal: AbortSignal): Promise<void> {
    const before = this.#asking.get(base) ?? Promise.resolve();
    const question = before.then(() => (this.#proofs.has(index) ? undefined : this.#fetch(index, base, signal)));
    this.#asking.set(
      base,
      question.catch(() => undefined), // whoever asked has been told
    );
    return question;
  }

  async #fetch(index: number, base: string, signal: AbortSignal): Promise<void> {
    const { object, revision } = this.head;
    try {
      this.#take(await fetchPage(this.#http, this.#limits, base + headsPath(object, revision), index, signal));
    } catch (error) {
      signal.throwIfAborted();
      if (isForged(error) && base !== this.#manager.base) throw error;
      // Not there: the next question may be answered, and a hash that stays unknown is reported by who needs it.
    }
  }

  #take(page: Page): void {
    const { object, revision } = this.head;
    if (page.head !== undefined) this.#takeDigest(page.head);
    const count = pieceCount(this.head.length, this.head.pieceSize);
    for (const proof of page.pieces ?? []) {
      if (this.#proofs.has(proof.index) || proof.index >= count) continue;
      const { index, key, sha256, signature } = proof;
      if (!this.#manager.verifier.verifyProof(object, revision, index, { key, sha256, signature }))
        throw new PotluckError('POTLUCK_BAD_PIECE', `the hash of piece ${index} is not signed by the manager`);
      this.#proofs.set(index, { key, sha256, signature });
    }
  }

  /** A later head of the same revision may know the digest of the whole. */
  #takeDigest(signed: SignedHead): void {
    const head = openHead(this.#manager.verifier, signed);
    if (head.object !== this.head.object || head.revision !== this.head.revision || head.serial <= this.#serial) return;
    this.#serial = head.serial;
    this.#digest = head.digest ?? this.#digest;
  }
}

function isForged(error: unknown): error is PotluckError {
  return error instanceof PotluckError && error.code === 'POTLUCK_BAD_PIECE';
}
