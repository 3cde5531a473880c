import { PotluckError } from './errors.ts';
import type { KeyChange } from './running-peer.ts';

/** POTLUCK_KEY_CHANGED, with both keys for whoever has to decide. */
export class KeyChangedError extends PotluckError {
  readonly details: KeyChange;

  /** `hint`: said at the end of the message. */
  constructor(details: KeyChange, hint = '') {
    const { url, pinned, since, now } = details;
    const known = since === null ? `, not ${pinned}` : `, but since ${since} it is known with ${pinned}`;
    super('POTLUCK_KEY_CHANGED', `${url} has the key ${now}${known}${hint}`);
    this.details = details;
  }
}
