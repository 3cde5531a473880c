import type { UpdateState } from '../../engine/protocol/desktop.ts';

/** What the rest of the app knows of updates; `update/` has the makings. */
export interface Updates {
  readonly state: UpdateState;
  /** Calls `listener` when the state changes; the returned function ends that. */
  subscribe(listener: () => void): () => void;
  /** One step that the person clicked. Rejects with what kept it from being done. `install` quits the app by itself. */
  step(step: 'check' | 'download' | 'install'): Promise<void>;
  /** The manager that is joined now, whose installers are looked at; null: none. */
  joined(manager: { readonly url: string; readonly fingerprint: string } | null): void;
  /** The person's choice about updates is another. */
  settingsChanged(): void;
  close(): Promise<void>;
}

/** A build, or a face, that cannot update itself, with the reason in words. */
export function noUpdates(reason: string): Updates {
  return {
    state: { phase: 'off', version: null, progress: null, reason },
    subscribe: () => () => undefined,
    step: () => Promise.reject(new Error(reason)),
    joined: () => undefined,
    settingsChanged: () => undefined,
    close: () => Promise.resolve(),
  };
}
