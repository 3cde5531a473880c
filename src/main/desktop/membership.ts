import { asPotluckError, PotluckError } from '../../engine/base/errors.ts';
import { KeyChangedError } from '../../engine/base/key-changed.ts';
import type { Log } from '../../engine/base/log.ts';
import type { KeyChange } from '../../engine/base/running-peer.ts';
import type { Pin } from '../../engine/index.ts';
import type { CallPayload, ChangedKey, NearbyManager, PendingLink } from '../../engine/protocol/desktop.ts';
import { isJoinLink, type JoinLink, parseJoinLink } from '../../engine/protocol/join-link.ts';
import type { Engine, JoinedManager } from './engine.ts';
import type { JoinRequest } from './engine-settings.ts';
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

/** Whom to join, by what: what is not given may be known from before. */
interface Asked {
  readonly url: string;
  readonly fingerprint: string | undefined;
  readonly token?: string | undefined;
}

/** Joining and leaving as a person does it: tokens are remembered, links wait for a yes, a changed key for a decision. */
export class Membership {
  readonly #with: MembershipCollaborators;
  #link: JoinLink | undefined;
  /** The link that was looked at last: its token need not come back from the window. */
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

  /** A key that is not the pinned one, met by the last look, by a join, or by the running peer. */
  get changedKey(): ChangedKey | null {
    const { keyChange } = this.#with.engine.view;
    return this.#changedKey ?? (keyChange === null ? null : changedKeyOf(keyChange));
  }

  /**
   * A join link was opened somewhere. It waits for the person's yes, whoever sent it; one that comes while another waits is dropped, or a page
   * could put its own under the hand that is about to say yes.
   */
  open(text: string): void {
    try {
      this.#link ??= parseJoinLink(text);
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
    if (!accept || link === undefined || this.#isJoined(link)) return;
    const { url, key: fingerprint, token } = link;
    await this.join({ url, fingerprint, ...(token === undefined ? {} : { token }) });
  }

  /** The link leads to the manager that is joined already: nothing is to be interrupted for it. */
  #isJoined({ key }: JoinLink): boolean {
    const { app, peer } = this.#with.engine.view;
    return peer?.manager?.fingerprint === key && (app === 'sharing' || app === 'unreachable' || app === 'holding');
  }

  async inspect(address: string): Promise<NearbyManager> {
    this.#changedKey = null;
    this.#inspected = undefined;
    try {
      const manager = await this.#with.inspect(address);
      this.#inspected = isJoinLink(address) ? parseJoinLink(address.replace(/\s+/g, '')) : undefined;
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
    const url = originOf(wish.url);
    // A token has no spaces; what is copied often does.
    const token = wish.token?.replace(/\s+/g, '') || this.#tokenOfLink(url, wish.fingerprint);
    const asked = { url, fingerprint: wish.fingerprint, token };
    await this.#join(() => this.#requestFor(asked), token, wish.tokenInFile);
  }

  /** The manager of the last time, as at the start of the app: goes on trying while it is away. Never rejects: the state says what is wrong. */
  async rejoinLast(persist: boolean): Promise<void> {
    const { last } = this.#with.file.memory;
    if (last === null) return;
    const { url, fingerprint } = last;
    const prepare = async () => ({ ...(await this.#requestFor({ url, fingerprint })), persist });
    try {
      const manager = await this.#with.engine.join(prepare, { keepProblem: persist });
      if (manager !== null) this.#with.file.remember({ joined: true });
    } catch (err) {
      this.#with.log.warn({ err, url }, 'the last manager was not joined');
    }
  }

  /** Trusts the key that the state shows, and no other: the person compared that one. */
  async trustChangedKey({ url, fingerprint }: CallPayload<'trustChangedKey'>): Promise<void> {
    const change = this.changedKey;
    if (change === null || change.url !== url || change.now !== fingerprint)
      throw new PotluckError('POTLUCK_KEY_CHANGED', 'the key is not the one that was shown; look again');
    // A token is proven, never sent: whoever does not know it learns nothing from it.
    const token = await this.#with.secrets.get(change.pinned);
    const prepare = async () => {
      await this.#with.trust({ url, fingerprint });
      return this.#requestFor({ url, fingerprint, token });
    };
    await this.#join(prepare, token);
  }

  async leave(cold: boolean): Promise<void> {
    this.#with.file.remember({ joined: false });
    if (cold) await this.#with.engine.leave();
    else await this.#with.engine.drain();
    this.#with.changed();
  }

  /** The peer has a session with this manager: that is where it is to be found next time, wherever it was before. */
  met(manager: NonNullable<JoinedManager>): void {
    const { url, name, fingerprint } = manager;
    const { last } = this.#with.file.memory;
    if (last?.url === url && last.name === name && last.fingerprint === fingerprint) return;
    this.#with.file.remember({ last: { url, name, fingerprint } });
  }

  /** `given`: the token that the person gave; it is worth remembering once it was accepted. */
  async #join(prepare: () => Promise<JoinRequest>, given: string | undefined, inFile = false): Promise<void> {
    const { engine, file, secrets } = this.#with;
    this.#changedKey = null;
    const manager = await engine.join(prepare);
    if (manager === null) return; // another wish came
    this.met(manager);
    file.remember({ joined: true });
    if (given) await this.#remember(() => secrets.set(manager.fingerprint, given, { inFile }));
    this.#with.changed();
  }

  /** It has joined, whatever becomes of the token: that is kept for this session at least. */
  async #remember(keep: () => Promise<void>): Promise<void> {
    try {
      await keep();
    } catch (error) {
      const { code, message } = asPotluckError(error);
      this.#with.log.error({ err: error }, 'the join token cannot be kept');
      this.#with.engine.show({ code, message });
    }
  }

  async #requestFor({ url, fingerprint, token }: Asked): Promise<JoinRequest> {
    const key = fingerprint ?? (await this.#pinnedAt(url));
    const known = token || (key === undefined ? undefined : await this.#with.secrets.get(key));
    const asked = known === undefined || key === undefined || (await this.#asksForToken(url, key));
    return { url, fingerprint: key, token: asked ? known : undefined, persist: false };
  }

  /**
   * A manager whose key is known, and which asks for no token any more, is joined without one: it has to prove that key anyway. True where it
   * does not answer: the join will say why.
   */
  async #asksForToken(url: string, key: string): Promise<boolean> {
    try {
      const { fingerprint, tokenRequired } = await this.#with.inspect(url);
      return tokenRequired || fingerprint !== key;
    } catch {
      return true;
    }
  }

  #tokenOfLink(url: string, fingerprint: string | undefined): string | undefined {
    const link = this.#inspected;
    return link !== undefined && link.url === url && link.key === fingerprint ? link.token : undefined;
  }

  async #pinnedAt(url: string): Promise<string | undefined> {
    return (await this.#with.known()).findLast((pin) => pin.url === url)?.key;
  }
}

/** Throws POTLUCK_BAD_ADDRESS. */
function originOf(url: string): string {
  const { protocol, origin } = URL.canParse(url) ? new URL(url) : { protocol: '', origin: '' };
  if (protocol !== 'http:' && protocol !== 'https:') throw new PotluckError('POTLUCK_BAD_ADDRESS', url);
  return origin;
}

function changedKeyOf({ url, name, pinned, since, now }: KeyChange): ChangedKey {
  return { url, name: name ?? url, pinned, since: since ?? '', now };
}
