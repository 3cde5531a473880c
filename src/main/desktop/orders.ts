import type { HoldReason, RunningPeer } from '../../engine/base/running-peer.ts';
import type { Grants } from './engine-settings.ts';

/** What is wanted of the peer, whenever there is one. */
export interface Wanted extends Grants {
  readonly holds: ReadonlySet<HoldReason>;
}

/** What is wanted of the peer, and what it has been told of that: a peer begins with what is wanted then, and hears what is another since. */
export class Orders {
  #wanted: Wanted;
  #given: Grants;
  #held: ReadonlySet<HoldReason> = new Set();

  constructor(wanted: Wanted) {
    this.#wanted = wanted;
    this.#given = wanted;
  }

  set wanted(wanted: Wanted) {
    this.#wanted = wanted;
  }

  /** What a peer that is about to be started begins with. */
  first(): { readonly grants: Grants; readonly holds: ReadonlySet<HoldReason> } {
    const { holds, ...grants } = this.#wanted;
    this.#given = grants;
    this.#held = new Set(holds);
    return { grants, holds };
  }

  /** Has the peer hold back, or go on. */
  hold(peer: RunningPeer): void {
    const { holds } = this.#wanted;
    for (const reason of this.#held) if (!holds.has(reason)) peer.hold(reason, false);
    for (const reason of holds) if (!this.#held.has(reason)) peer.hold(reason, true);
    this.#held = new Set(holds);
  }

  /** Tells the peer which grants are others than before. Rejects with what it cannot do; it goes by the old ones then. */
  async grant(peer: RunningPeer): Promise<void> {
    const before = this.#given;
    const { holds: _holds, ...grants } = this.#wanted;
    const changes = Object.fromEntries(
      Object.entries(grants).filter(([name, value]) => before[name as keyof Grants] !== value),
    );
    if (Object.keys(changes).length === 0) return;
    this.#given = grants;
    try {
      await peer.change(changes);
    } catch (error) {
      if (this.#given === grants) this.#given = before; // else something newer was granted meanwhile
      throw error;
    }
  }
}
