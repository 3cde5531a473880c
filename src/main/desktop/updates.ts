import { PotluckError } from '../../engine/base/errors.ts';
import type { UpdateState, UpdatesOff } from '../../engine/protocol/desktop.ts';

export type Step = 'check' | 'download' | 'install';

/** What the rest of the app knows of updates; `update/` has the makings. */
export interface Updates {
  readonly state: UpdateState;
  /** The app was updated while it had no window, and starts without one now. */
  readonly startsHidden: boolean;
  /** Calls `listener` when the state changes; the returned function ends that. */
  subscribe(listener: () => void): () => void;
  /** One step that the person clicked. Rejects with what kept it from being done. `install` quits the app by itself. */
  step(step: Step): Promise<void>;
  /** The manager that is joined now, whose installers are looked at; null: none. */
  joined(manager: { readonly url: string; readonly fingerprint: string } | null): void;
  /** The person's choice about updates is another. */
  settingsChanged(): void;
  close(): Promise<void>;
}

/** What a step is refused with while updates are off. */
export const OFF_IN_WORDS: Readonly<Record<UpdatesOff, string>> = {
  'no-key': 'this build has no release key, so it could not tell a genuine update',
  'bad-key': 'the release key that this app was built with is none',
  'switched-off': 'they are switched off in the settings',
};

/** Of a build that cannot update itself. */
export function noUpdates(off: UpdatesOff): Updates {
  return {
    state: { phase: 'off', version: null, notes: null, progress: null, off, problem: null },
    startsHidden: false,
    subscribe: () => () => undefined,
    step: () => Promise.reject(new PotluckError('POTLUCK_NO_UPDATE', OFF_IN_WORDS[off])),
    joined: () => undefined,
    settingsChanged: () => undefined,
    close: () => Promise.resolve(),
  };
}
