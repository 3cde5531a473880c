import { PotluckError } from '../../engine/base/errors.ts';
import { KeyChangedError } from '../../engine/base/key-changed.ts';
import type { Log } from '../../engine/base/log.ts';
import type { KeyChange } from '../../engine/base/running-peer.ts';
import type { Pin } from '../../engine/index.ts';
import type { CallPayload, ChangedKey, NearbyManager, PendingLink } from '../../engine/protocol/desktop.ts';
import { isJoinLink, type JoinLink, parseJoinLink } from '../../engine/protocol/join-link.ts';
import type { Engine } from './engine.ts';
import type { Secrets } from './secrets.ts';
import type { SettingsFile } from './settings.ts';

export interface MembershipCollaborators {
  readonly engine: Engine;
  readonly file: SettingsFile;
  readonly secrets: Secrets;
  readonly log: Log;
  /** The managers whose keys are pinned. */
  readonly known: () => Promise<readonly Pin[]>;
  /** Trusts another key at a URL; no peer may run meanwhile. */
  readonly trust: (manager: { url: string; fingerprint: string }) => Promise<void>;
  /** Asks a manager who it is. */
  readonly inspect: (address: string) => Promise<NearbyManager>;
  /** Shows the window: somebody has to decide something. */
  readonly ask: () => void;
  readonly changed: () => void;
}

type Join = CallPayload<'join'>;

/** Joining and leaving as a person does it: tokens are remembered, links wait for a yes, a changed key for a decision. */
export class Membership {
  readonly #with: MembershipCollaborators;
  #link: JoinLink | undefined;
  /** The link that was looked at last: its token never goes through the window. */
  #inspected: JoinLink | undefined;
  #changedKey: ChangedKey | null = null;

  constructor(collaborators: MembershipCollaborators) {
    this.#with = collaborators;
  }

  get pendingLink(): PendingLink | null {
    if (this.#link === undefined) return null;
    const { url, key, token } = this.#link;
    return { url, fingerprint: key, hasToken: token !== undefined };
  }

  /** A key that is not the pinned one, met by a join, by a look, or by the running peer. */
  get changedKey(): ChangedKey | null {
    const { keyChange } = this.#with.engine.view;
    return keyChange === null ? this.#changedKey : changedKeyOf(keyChange);
  }

  /** A join link was opened somewhere. It waits for the person's yes, whoever sent it. */
  open(text: string): void {
    try {
      this.#link = parseJoinLink(text);
    } catch (error) {
      if (!(error instanceof PotluckError)) throw error;
      this.#with.engine.show({ code: error.code, message: error.message });
    }
    this.#with.ask();
    this.#with.changed();
  }

  async answerLink(accept: boolean): Promise<void> {
    const link = this.#link;
    this.#link = undefined;
    this.#with.changed();
    if (!accept || link === undefined) return;
    const { url, key: fingerprint, token } = link;
    await this.join({ url, fingerprint, ...(token === undefined ? {} : { token }) });
  }

  async inspect(address: string): Promise<NearbyManager> {
    const link = isJoinLink(address) ? parseJoinLink(address) : undefined;
    try {
      const manager = await this.#with.inspect(address);
      this.#inspected = link;
      return manager;
    } catch (error) {
      if (error instanceof KeyChangedError) this.#changedKey = changedKeyOf(error.details);
      throw error;
    } finally {
      this.#with.changed();
    }
  }

  /** Rejects with what kept it from joining. */
  async join(wish: Join): Promise<void> {
    const url = new URL(wish.url).origin;
    const fingerprint = wish.fingerprint ?? (await this.#pinnedAt(url));
    const given = wish.token || this.#tokenOfLink(url, fingerprint);
    const token = given ?? (fingerprint === undefined ? undefined : await this.#with.secrets.get(fingerprint));
    this.#changedKey = null;
    await this.#with.engine.join({ url, fingerprint, token, persist: false });
    await this.#joined(given, wish.tokenInFile === true);
  }

  /** The manager of the last time, as at the start of the app: goes on trying while it is away. Never rejects: the state says what is wrong. */
  async rejoinLast(persist: boolean): Promise<void> {
    const { last } = this.#with.file.memory;
    if (last === null) return;
    const { url, fingerprint } = last;
    const token = await this.#with.secrets.get(fingerprint);
    try {
      await this.#with.engine.join({ url, fingerprint, token, persist }, { keepProblem: persist });
      await this.#joined(undefined, false);
    } catch (err) {
      this.#with.log.warn({ err, url }, 'the last manager was not joined');
    }
  }

  /** Trusts the key that the state shows, and no other: the person compared that one. */
  async trustChangedKey({ url, fingerprint }: CallPayload<'trustChangedKey'>): Promise<void> {
    const change = this.changedKey;
    if (change === null || change.url !== url || change.now !== fingerprint)
      throw new PotluckError('POTLUCK_KEY_CHANGED', 'the key is not the one that was shown; look again');
    await this.#with.engine.close();
    await this.#with.trust({ url, fingerprint });
    // It is proven, never sent: whoever does not know it learns nothing from it.
    const token = await this.#with.secrets.get(change.pinned);
    await this.join({ url, fingerprint, ...(token === undefined ? {} : { token }) });
  }

  async leave(cold: boolean): Promise<void> {
    this.#with.file.remember({ joined: false });
    if (cold) await this.#with.engine.close();
    else await this.#with.engine.drain();
    this.#with.changed();
  }

  async #joined(token: string | undefined, inFile: boolean): Promise<void> {
    const { file, engine, secrets } = this.#with;
    const manager = engine.view.peer?.manager ?? null;
    if (manager === null) return; // it is still being sought
    const { url, name, fingerprint } = manager;
    file.remember({ last: { url, name, fingerprint }, joined: true });
    if (token !== undefined) await secrets.set(fingerprint, token, { inFile });
    this.#with.changed();
  }

  async #pinnedAt(url: string): Promise<string | undefined> {
    return (await this.#with.known()).findLast((pin) => pin.url === url)?.key;
  }

  #tokenOfLink(url: string, fingerprint: string | undefined): string | undefined {
    const link = this.#inspected;
    return link !== undefined && link.url === url && link.key === fingerprint ? link.token : undefined;
  }
}

function changedKeyOf({ url, name, pinned, since, now }: KeyChange): ChangedKey {
  return { url, name: name ?? url, pinned, since: since ?? '', now };
}
