import type { Clock } from '../base/clock.ts';
import { CHANGE_MEMORY } from './changes.ts';

/** Objects, and addresses of one object, that are remembered. */
const MAX_OBJECTS = 16_384;
const MAX_ADDRESSES = 1024;

/** More than one revision. */
const SEVERAL = '';

interface Takers {
  /** Revision given, or SEVERAL, by address. */
  readonly byAddress: Map<string, string>;
  /** False where some address may have been forgotten. */
  complete: boolean;
}

/**
 * Which revision of an object each address was given: a client that resumes after a change is served only if it can have no other bytes than
 * those of the present revision. Bounded; where something was forgotten the answer is no.
 */
export class GivenTable {
  readonly #clock: Clock;
  readonly #max: { readonly objects: number; readonly addresses: number };
  readonly #objects = new Map<string, Takers>();
  /** Monotonic milliseconds when an object was last forgotten. */
  #forgotAt = Number.NEGATIVE_INFINITY;

  constructor(collaborators: { clock: Clock }, options: { objects?: number; addresses?: number } = {}) {
    this.#clock = collaborators.clock;
    this.#max = { objects: options.objects ?? MAX_OBJECTS, addresses: options.addresses ?? MAX_ADDRESSES };
  }

  /** The address is being given bytes of this revision, or sent to a peer that will give them. */
  give(address: string, object: string, revision: string): void {
    const takers = this.#takers(object);
    const before = takers.byAddress.get(address);
    if (before === revision) return;
    if (before === undefined && takers.byAddress.size >= this.#max.addresses) takers.complete = false;
    else takers.byAddress.set(address, before === undefined ? revision : SEVERAL);
  }

  /** True where it is certain that this address was given this revision of the object and no other. */
  only(address: string, object: string, revision: string): boolean {
    const takers = this.#objects.get(object);
    return takers?.complete === true && takers.byAddress.get(address) === revision;
  }

  #takers(object: string): Takers {
    const known = this.#objects.get(object);
    // Used last, forgotten last.
    if (known !== undefined) this.#objects.delete(object);
    const takers = known ?? { byAddress: new Map(), complete: this.#remembersAll() };
    this.#objects.set(object, takers);
    for (const oldest of this.#objects.keys()) {
      if (this.#objects.size <= this.#max.objects) break;
      this.#objects.delete(oldest);
      this.#forgotAt = this.#clock.monotonic();
    }
    return takers;
  }

  /** An object that is new here may have been known before, if any was forgotten lately. */
  #remembersAll(): boolean {
    return this.#clock.monotonic() - this.#forgotAt >= CHANGE_MEMORY;
  }
}
