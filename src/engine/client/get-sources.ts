import { asPotluckError, PotluckError } from '../base/errors.ts';
import { NOT_PARAMETER } from '../content/target.ts';
import { discard } from './get-http.ts';
import type { GetLimits } from './get-limits.ts';
import type { Lookup } from './get-lookup.ts';
import { Source, type SourceReport } from './get-source.ts';
import type { Refusal } from './get-span.ts';

export interface SourcesParts {
  readonly limits: GetLimits;
  /** Origin of the manager. */
  readonly manager: string;
  readonly revision: string;
  /** Asks the manager again. `not`: ids of peers that are not wanted. */
  lookUp(not: readonly string[]): Promise<Lookup>;
  /** Id of the peer at this origin; undefined where it does not say. */
  identify(base: string): Promise<string | undefined>;
  /** Something that the person who waits should know. */
  onNotice(message: string): void;
}

/** Longest time between two questions to the manager, milliseconds. */
const LONGEST_INTERVAL = 4_000;

/** Who has the object: begins with what the manager named, loses those that fail, and asks the manager for others. */
export class Sources {
  readonly #parts: SourcesParts;
  readonly #byBase = new Map<string, Source>();
  readonly #not = new Set<string>();
  /** Origins of liars whose id is not known yet. */
  readonly #unnamed = new Set<string>();
  #wanted = false;
  /** Questions since the last piece came. */
  #lookups = 0;
  #nextLookup = 0;
  /** Questions that were asked because one source was alone. */
  #company = 0;
  #nextCompany: number;
  #asking = false;
  #lastFailure: PotluckError | undefined;

  constructor(parts: SourcesParts, urls: readonly string[]) {
    this.#parts = parts;
    this.#nextCompany = performance.now() + 2 * parts.limits.lookupInterval;
    this.#name(urls);
  }

  /** Those that can take work now: untried ones first, then the fastest. */
  ready(now: number): Source[] {
    const rank = ({ rate }: Source) => (rate === 0 ? Number.MAX_VALUE : rate);
    return [...this.#byBase.values()]
      .filter((source) => source.ready(now))
      .sort((a, b) => rank(b) - rank(a))
      .slice(0, this.#parts.limits.sources);
  }

  /** True where no source is left and the manager has been asked often enough. */
  get hopeless(): boolean {
    return this.#allDropped && !this.#asking && this.#lookups >= this.#parts.limits.lookups;
  }

  get reports(): SourceReport[] {
    return [...this.#byBase.values()].map((source) => source.report());
  }

  /** What to say when it is hopeless. */
  failure(): PotluckError {
    const said = this.reports.map(({ url, dropped }) => `${url}: ${dropped ?? 'silent'}`);
    if (this.#lastFailure !== undefined) said.push(`the manager: ${this.#lastFailure.message}`);
    return new PotluckError('POTLUCK_DOWNLOAD_FAILED', `no source is left (${said.join('; ')})`);
  }

  /** A verified piece has come. */
  progressed(): void {
    this.#lookups = 0;
  }

  lied(source: Source, what: string): void {
    if (source.liar) return;
    source.liar = true;
    this.#unnamed.add(source.base);
    source.drop(what);
    this.#wanted = true;
    this.#parts.onNotice(`${source.base} sent bad data and is not used any more (${what})`);
  }

  /** It answered, but not with what was asked for. A peer that sends us back to the manager says who it is: it is not wanted again. */
  refused(source: Source, refusal: Refusal): void {
    this.#wanted = true;
    if (refusal.location === undefined) this.#failed(source, refusal.message, refusal.wait);
    else {
      for (const id of namedIn(refusal.location, this.#parts.manager)) this.#not.add(id);
      this.#drop(source, refusal.message);
    }
  }

  /** The connection failed. */
  broke(source: Source, why: string): void {
    this.#wanted = true;
    this.#failed(source, why, 0);
  }

  stalled(source: Source): void {
    this.#wanted = true;
    this.#parts.onNotice(`${source.base} has stalled; others are asked for the same pieces`);
  }

  /**
   * Asks the manager for sources, if they are wanted and it is time. What it cannot say now it may say later.
   * Rejects with POTLUCK_REVISION_CHANGED where the object has changed.
   */
  async refresh(): Promise<void> {
    const { limits } = this.#parts;
    const now = performance.now();
    const needed = this.#wanted || this.#allDropped;
    const due = needed || this.#alone(now);
    if (!due || this.#asking || now < this.#nextLookup || this.#lookups >= limits.lookups) return;
    if (!needed) this.#nextCompany = now + 2 * limits.lookupInterval * 2 ** ++this.#company;
    this.#asking = true;
    this.#nextLookup = now + Math.min(LONGEST_INTERVAL, limits.lookupInterval * 2 ** this.#lookups);
    this.#lookups++;
    this.#wanted = false;
    try {
      await this.#ask(needed);
    } finally {
      this.#asking = false;
    }
  }

  /**
   * One source alone, although there may be more: a peer that was not fit for a moment, or came later. A few questions, further and
   * further apart.
   */
  #alone(now: number): boolean {
    if (now < this.#nextCompany || this.#company >= this.#parts.limits.companyLookups) return false;
    return [...this.#byBase.values()].filter(({ dropped }) => dropped === undefined).length === 1;
  }

  /** `needed`: without an answer that fits, the download cannot go on. */
  async #ask(needed: boolean): Promise<void> {
    await this.#nameLiars();
    const found = await this.#parts.lookUp([...this.#not]).catch((error: unknown) => {
      this.#lastFailure = asPotluckError(error);
      return undefined;
    });
    if (found === undefined) return;
    if (found.kind === 'plain') await discard(found.reply);
    if (found.kind === 'plain' || found.revision !== this.#parts.revision) {
      if (!needed) return; // the source at hand still has the one that was begun
      throw new PotluckError('POTLUCK_REVISION_CHANGED', found.url.href);
    }
    this.#name(found.sources);
  }

  /** The manager may not know yet that a peer lies and would name it again: so it is told whom we do not want, as after a turn-back. */
  async #nameLiars(): Promise<void> {
    for (const base of this.#unnamed) {
      this.#unnamed.delete(base);
      const id = await this.#parts.identify(base);
      if (id !== undefined) this.#not.add(id);
    }
  }

  #name(urls: readonly string[]): void {
    for (const url of urls) {
      const { origin } = new URL(url);
      const known = this.#byBase.get(origin);
      if (known === undefined) this.#byBase.set(origin, new Source(url));
      else known.named(url);
    }
  }

  #failed(source: Source, reason: string, wait: number): void {
    const before = source.dropped;
    source.failed(reason, performance.now(), this.#parts.limits, wait);
    if (before === undefined && source.dropped !== undefined)
      this.#parts.onNotice(`${source.base} is given up: ${reason}`);
  }

  #drop(source: Source, reason: string): void {
    if (source.dropped === undefined) this.#parts.onNotice(`${source.base} is left out: ${reason}`);
    source.drop(reason);
  }

  get #allDropped(): boolean {
    return [...this.#byBase.values()].every((source) => source.dropped !== undefined);
  }
}

/** Ids of the peers that a turn-back names; none where it does not lead to the manager. */
function namedIn(location: string, manager: string): string[] {
  const url = URL.canParse(location) ? new URL(location) : undefined;
  return url?.origin === manager ? url.searchParams.getAll(NOT_PARAMETER) : [];
}
