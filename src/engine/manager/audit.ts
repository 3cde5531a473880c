import type { Clock } from '../base/clock.ts';
import type { Service } from '../base/lifecycle.ts';
import type { Log } from '../base/log.ts';
import { pieceCount, pieceHash } from '../content/piece.ts';
import { withParameters } from '../content/target.ts';
import type { LiveHead } from '../load/live-head.ts';
import { GROUP_PREFIX } from '../protocol/paths.ts';
import { type Probe, planAudit, planPiece } from './audit-plan.ts';
import { type Finding, type Patience, type PieceTruth, PlainReader, type PlainRequest } from './audit-read.ts';
import type { PeerNode } from './node.ts';
import type { Evidence, Verdict } from './strikes.ts';

export interface AuditCollaborators {
  readonly clock: Clock;
  readonly log: Log;
  /** What a piece really is, as far as it is known without asking the origin; undefined where it is not. */
  readonly truth: (live: LiveHead, index: number) => Promise<PieceTruth | undefined>;
  /** A peer that has a session. */
  readonly node: (id: string) => PeerNode | undefined;
  /** The head of a revision that an accusation names. */
  readonly head: (evidence: Evidence) => LiveHead | undefined;
  /** Proof that a peer lies. */
  readonly lied: (node: PeerNode, evidence: Evidence, how: string) => void;
  /** The piece as members get it, with a ticket; undefined where the peer refuses. Not verified. */
  readonly readAsMember?: (
    node: PeerNode,
    live: LiveHead,
    index: number,
    signal: AbortSignal,
  ) => Promise<Uint8Array | undefined>;
  /** A peer could not be read from, for reasons of health. */
  readonly unwell?: (node: PeerNode, why: string) => void;
  /** Whether a host (name or address, with its port) is the manager's own data port, under which peers send clients back. */
  readonly isManager?: (host: string) => boolean;
}

export interface AuditOptions {
  /** From a peer's first redirect to its first audit, and from one audit to the next: at least, at most; milliseconds. */
  readonly firstAfter?: readonly [number, number];
  readonly every?: readonly [number, number];
  readonly patience?: Patience;
  /** How often is looked who is due, milliseconds. */
  readonly tick?: number;
  readonly random?: () => number;
}

const FIRST_AFTER = [500, 3_000] as const;
const EVERY = [5_000, 10_000] as const;
const PATIENCE: Patience = { connect: 2_000, total: 15_000 };

const TICK = 250;

/** Redirects remembered of each peer: a sample of those since its last audit, each as likely as the other (Vitter 1985, algorithm R). */
const SAMPLES = 8;

/** Audits at the same time, over all peers: a bound on what they take from the manager. */
const MAX_RUNNING = 4;

/** Plans that are tried to find a piece of which the truth is known. */
const TRIES = 4;

const DEFAULT_GROUP = 'default';

interface Sample {
  readonly live: LiveHead;
  readonly location: string;
}

/** What an audit goes by: one peer, while it has a session. */
interface Watch {
  readonly node: PeerNode;
  samples: Sample[];
  /** Redirects since the last audit. */
  given: number;
  dueAt: number;
  /** Whole pieces and slices take turns, beginning with a whole piece. */
  whole: boolean;
  running: boolean;
}

/**
 * Reads from peers what clients were sent there for, as those clients do: the only defence of a plain client, which cannot verify what
 * it gets, against a peer that is honest to members. A peer is audited every 5 to 10 seconds, the first time within 3 seconds, as long
 * as it is given redirects; every other audit compares a whole piece. So one wrong byte in each piece is found within 30 seconds.
 *
 * Slow, unreachable, refusing or sending back is no lie. Nor is being honest to the manager's address a proof: for those who must be
 * sure there are the redirect's Digest, `potluck get` and proxy mode.
 */
export class Audit implements Service {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #truth: AuditCollaborators['truth'];
  readonly #node: AuditCollaborators['node'];
  readonly #head: AuditCollaborators['head'];
  readonly #lied: AuditCollaborators['lied'];
  readonly #readAsMember: AuditCollaborators['readAsMember'];
  readonly #unwell: AuditCollaborators['unwell'];
  readonly #firstAfter: readonly [number, number];
  readonly #every: readonly [number, number];
  readonly #tickEvery: number;
  readonly #random: () => number;
  readonly #reader: PlainReader;
  /** By id; who was audited last stands last. */
  readonly #watched = new Map<string, Watch>();
  readonly #running = new Set<Promise<void>>();
  readonly #ended = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  readonly #counts = { honest: 0, lied: 0, refused: 0, failed: 0 };

  constructor(collaborators: AuditCollaborators, options: AuditOptions = {}) {
    this.#clock = collaborators.clock;
    this.#log = collaborators.log;
    this.#truth = collaborators.truth;
    this.#node = collaborators.node;
    this.#head = collaborators.head;
    this.#lied = collaborators.lied;
    this.#readAsMember = collaborators.readAsMember;
    this.#unwell = collaborators.unwell;
    this.#firstAfter = options.firstAfter ?? FIRST_AFTER;
    this.#every = options.every ?? EVERY;
    this.#tickEvery = options.tick ?? TICK;
    this.#random = options.random ?? Math.random;
    this.#reader = new PlainReader({
      patience: options.patience ?? PATIENCE,
      random: this.#random,
      isManager: collaborators.isManager,
    });
  }

  async start(): Promise<void> {
    if (this.#ended.signal.aborted) return;
    this.#timer ??= setInterval(() => this.#tick(), this.#tickEvery).unref();
  }

  /** Ends the audits that run and waits for them. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#ended.abort();
    await Promise.all(this.#running);
    this.#reader.close();
    this.#watched.clear();
  }

  /** Audits so far, by what they found. */
  counts(): { readonly honest: number; readonly lied: number; readonly refused: number; readonly failed: number } {
    return { ...this.#counts };
  }

  /** A client was sent to this peer under this URL. It stands on the path of every redirect. */
  redirected(node: PeerNode, live: LiveHead, location: string): void {
    let watch = this.#watched.get(node.id);
    if (watch === undefined || watch.node !== node) {
      const dueAt = this.#clock.monotonic() + this.#between(this.#firstAfter);
      watch = { node, samples: [], given: 0, dueAt, whole: true, running: false };
      this.#watched.set(node.id, watch);
    }
    watch.given++;
    if (watch.samples.length < SAMPLES) {
      watch.samples.push({ live, location });
    } else {
      const place = Math.floor(this.#random() * watch.given);
      if (place < SAMPLES) watch.samples[place] = { live, location };
    }
  }

  /**
   * Reads one piece of one peer at once, as a plain client and, where that is given, as a member. Never rejects. `honest` only if
   * what was answered was right and something was answered.
   */
  async examine(id: string, evidence: Evidence): Promise<Verdict> {
    const node = this.#node(id);
    const live = this.#head(evidence);
    if (
      node === undefined ||
      live === undefined ||
      evidence.index >= pieceCount(live.head.length, live.head.pieceSize)
    ) {
      return 'unknown';
    }
    const examination = this.#examine(node, live, evidence.index);
    this.#track(examination.then(() => undefined));
    return await examination;
  }

  async #examine(node: PeerNode, live: LiveHead, index: number): Promise<Verdict> {
    try {
      const truth = await this.#truth(live, index);
      if (truth === undefined) return 'unknown';
      const probe = planPiece(live.head, index, this.#random);
      const [plain, member] = await Promise.all([
        this.#reader.read(plainRequest(node, live), live.head, probe, truth, this.#ended.signal),
        this.#askAsMember(node, live, index, truth),
      ]);
      if (plain.kind === 'lied' || member === 'lied') return 'lied';
      return plain.kind === 'honest' || member === 'honest' ? 'honest' : 'unknown';
    } catch (error) {
      this.#log.warn({ err: error, peer: node.id, index }, 'a peer could not be examined');
      return 'unknown';
    }
  }

  async #askAsMember(node: PeerNode, live: LiveHead, index: number, truth: PieceTruth): Promise<Verdict> {
    if (this.#readAsMember === undefined) return 'unknown';
    try {
      const bytes = await this.#readAsMember(node, live, index, this.#ended.signal);
      if (bytes === undefined) return 'unknown';
      return pieceHash(bytes) === truth.sha256 ? 'honest' : 'lied';
    } catch (error) {
      this.#log.debug({ err: error, peer: node.id, index }, 'a peer did not answer the manager as a member');
      return 'unknown';
    }
  }

  #tick(): void {
    const now = this.#clock.monotonic();
    for (const [id, watch] of this.#watched) {
      if (watch.running) continue;
      if (this.#node(id) !== watch.node) {
        this.#watched.delete(id);
      } else if (watch.given > 0 && now >= watch.dueAt) {
        if (this.#running.size >= MAX_RUNNING) return;
        this.#watched.delete(id);
        this.#watched.set(id, watch);
        this.#track(this.#audit(watch));
      }
    }
  }

  #track(run: Promise<void>): void {
    this.#running.add(run);
    void run.finally(() => this.#running.delete(run));
  }

  async #audit(watch: Watch): Promise<void> {
    const { samples } = watch;
    watch.running = true;
    watch.samples = [];
    watch.given = 0;
    try {
      const found = await this.#probe(watch, samples);
      if (found === undefined || this.#ended.signal.aborted) return;
      watch.whole = !watch.whole;
      this.#report(watch.node, found.live, found.probe, found.finding);
    } catch (error) {
      this.#log.warn({ err: error, peer: watch.node.id }, 'an audit could not be made');
    } finally {
      watch.running = false;
      watch.dueAt = this.#clock.monotonic() + this.#between(this.#every);
    }
  }

  /** One probe of an object of which the truth is known; undefined where there is none among the samples. */
  async #probe(
    watch: Watch,
    samples: readonly Sample[],
  ): Promise<{ live: LiveHead; probe: Probe; finding: Finding } | undefined> {
    const useful = samples.filter(({ live }) => !live.retired && live.head.length > 0);
    for (let i = 0; i < TRIES && useful.length > 0; i++) {
      const { live, location } = useful[Math.floor(this.#random() * useful.length)] as Sample;
      const plan = planAudit(live.head, watch.whole, this.#random);
      const truth = await this.#truth(live, plan.index);
      if (truth === undefined) continue;
      // A slice can only be compared with the bytes themselves.
      const probe = truth.bytes === undefined && !watch.whole ? planPiece(live.head, plan.index, this.#random) : plan;
      const from = redirectedRequest(watch.node, location);
      const finding = await this.#reader.read(from, live.head, probe, truth, this.#ended.signal);
      return { live, probe, finding };
    }
    return undefined;
  }

  #report(node: PeerNode, live: LiveHead, probe: Probe, finding: Finding): void {
    this.#counts[finding.kind]++;
    const { object, revision } = live.head;
    if (finding.kind === 'lied') {
      this.#lied(node, { object, revision, index: probe.index }, `an audit as a plain client found ${finding.why}`);
    } else if (finding.kind !== 'honest') {
      this.#log.debug({ peer: node.id, target: live.head.target, why: finding.why }, `an audit ${finding.kind}`);
      if (finding.kind === 'failed') this.#unwell?.(node, finding.why);
    }
  }

  #between([least, most]: readonly [number, number]): number {
    return least + this.#random() * (most - least);
  }
}

/** What a client sends that follows a redirect to `location`; the connection goes to where the manager reaches the peer. */
function redirectedRequest(node: PeerNode, location: string): PlainRequest {
  const host = location.indexOf('//') + 2;
  const path = location.indexOf('/', host);
  return { base: node.url, host: location.slice(host, path), path: location.slice(path) };
}

/** The same for a piece that nobody was redirected for. */
function plainRequest(node: PeerNode, { head }: LiveHead): PlainRequest {
  const prefix = head.group === DEFAULT_GROUP ? '' : GROUP_PREFIX + head.group;
  const path = prefix + withParameters(head.target, { revision: head.revision });
  return { base: node.url, host: new URL(node.url).host, path };
}
