import type { PotluckError } from '../base/errors.ts';

/** How a peer stands with its manager, in words for a person. The session writes it, whoever shows it reads. */
export class Standing {
  /** A session stands. */
  connected = false;
  /** No session has been had or lost yet: the first try is under way. */
  fresh = true;
  /** Whether the manager reaches this peer's port; undefined until it has looked. */
  reachable: boolean | undefined;
  #words: string | undefined;
  #error: PotluckError | undefined;

  /** What is wrong: not connected, or not reachable; undefined where all is well. */
  get trouble(): string | undefined {
    return this.connected || this.fresh ? this.#words : (this.#words ?? 'there is no session with the manager');
  }

  /** What kept the peer from joining, where that is known. */
  get error(): PotluckError | undefined {
    return this.#error;
  }

  joined(): void {
    this.connected = true;
    this.fresh = false;
    this.reachable = undefined;
    this.#words = undefined;
    this.#error = undefined;
  }

  lost(reason: string): void {
    this.connected = false;
    this.fresh = false;
    this.reachable = undefined;
    this.#words = reason;
    this.#error = undefined;
  }

  failed(error: PotluckError): void {
    this.lost(error.message);
    this.#error = error;
  }

  reached(reason: string | undefined): void {
    this.reachable = reason === undefined;
    this.#words = reason;
  }
}
