import type { RevisionMemory } from '../load/revision-memory.ts';
import type { Changes } from './changes.ts';
import type { GivenTable } from './given-table.ts';

/**
 * Decides whether a client that asks for a bare Range of an object, naming no revision, may be served the present one (design promise 2):
 * only where the object has not changed for an hour, or where this address was given the present revision and no other.
 */
export class Resumption implements RevisionMemory {
  readonly #changes: Changes;
  readonly #given: GivenTable;

  constructor(collaborators: { changes: Changes; given: GivenTable }) {
    this.#changes = collaborators.changes;
    this.#given = collaborators.given;
  }

  observe(object: string, revision: string): void {
    this.#changes.saw(object, revision);
  }

  given(object: string, revision: string, client: string): void {
    this.#given.give(client, object, revision);
  }

  mayResume(object: string, revision: string, client: string): boolean {
    if (!this.#changes.changedRecently(object)) return true;
    return !this.#changes.spansRestart(object) && this.#given.only(client, object, revision);
  }
}
