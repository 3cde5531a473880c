import { abortReason, PotluckError } from '../base/errors.ts';
import { pieceHash } from '../content/piece.ts';
import type { SignedHashes } from './get-hashes.ts';
import { type Http, reasonOf } from './get-http.ts';
import type { GetLimits } from './get-limits.ts';
import type { Output } from './get-output.ts';
import type { Assignment, PieceQueue } from './get-queue.ts';
import type { Source } from './get-source.ts';
import type { Sources } from './get-sources.ts';
import { fetchSpan, Refusal } from './get-span.ts';

/** One request under way. */
interface Run {
  readonly source: Source;
  readonly assignment: Assignment;
  readonly controller: AbortController;
  readonly startedAt: number;
  lastByteAt: number;
  received: number;
  /** Pieces of it that are being verified or written: while there are any, silence is not the source's fault. */
  checking: number;
  /** It brings everything, not its assignment alone. */
  whole: boolean;
  /** Why it was ended from here; undefined where it ended by itself. */
  ended: 'superseded' | 'silent' | undefined;
}

export interface TransferParts {
  readonly http: Http;
  readonly limits: GetLimits;
  readonly hashes: SignedHashes;
  readonly queue: PieceQueue;
  readonly output: Output;
  readonly sources: Sources;
  /** Ends everything that the download has under way; aborted when it is over. */
  readonly stop: AbortController;
  /** A piece is verified and written. */
  onPiece(bytes: number): void;
}

/**
 * Fetches all pieces of a queue from many sources at once. Fast sources get longer runs; what a slow one holds is given to others as
 * well, first when it stalls, and in the end when others have nothing left to do. Every piece is checked against its signed hash
 * before it is written; a source that sends a wrong one is never asked again.
 */
export class Transfer {
  readonly #parts: TransferParts;
  readonly #runs = new Set<Run>();
  readonly #working = new Set<Promise<void>>();
  /** Pieces that are being written. */
  readonly #writing = new Set<number>();
  readonly #outcome = Promise.withResolvers<void>();
  #over = false;

  constructor(parts: TransferParts) {
    this.#parts = parts;
  }

  /** Resolves once every piece is written. Rejects with the reason of the stop signal, or where nothing helps any more. */
  async run(): Promise<void> {
    const { stop, limits } = this.#parts;
    const onAbort = () => this.#end(abortReason(stop.signal));
    stop.signal.addEventListener('abort', onAbort, { once: true });
    const timer = setInterval(() => this.#tick(), limits.tick);
    try {
      if (stop.signal.aborted) onAbort();
      else this.#pump();
      await this.#outcome.promise;
    } finally {
      clearInterval(timer);
      stop.abort();
      for (const run of this.#runs) run.controller.abort();
      await Promise.all(this.#working); // nothing may write once this has returned
    }
  }

  #end(error?: unknown): void {
    if (this.#over) return;
    this.#over = true;
    if (error === undefined) this.#outcome.resolve();
    else this.#outcome.reject(error);
  }

  /** Gives work to every source that can take some. */
  #pump(): void {
    const { queue, limits, sources } = this.#parts;
    if (this.#over) return;
    if (queue.left === 0) {
      this.#end();
      return;
    }
    const now = performance.now();
    for (let slot = 0; slot < limits.perSource; slot++) {
      for (const source of sources.ready(now)) {
        if (this.#runs.size >= limits.inAll || this.#over) return;
        if (source.running > (source.whole ? 0 : slot)) continue;
        const assignment = this.#choose(source, now);
        if (assignment !== undefined) this.#launch(source, assignment);
      }
    }
  }

  /** Pieces of this size that the source brings in the time of a run. */
  #runLength(source: Source): number {
    const { limits, hashes } = this.#parts;
    if (source.rate === 0) return Math.min(2, limits.runPieces);
    const pieces = Math.round((source.rate * limits.runTime) / 1000 / hashes.head.pieceSize);
    return Math.max(1, Math.min(limits.runPieces, pieces));
  }

  #choose(source: Source, now: number): Assignment | undefined {
    const { queue, output } = this.#parts;
    const most = this.#runLength(source);
    const fresh = queue.take(source.base, most, Math.min(queue.count, output.limit));
    if (fresh !== undefined) return fresh;
    const laggard = this.#laggard(source, now);
    return laggard === undefined ? undefined : queue.duplicate(source.base, laggard.assignment, most);
  }

  /** The run that will take longest, if this source would bring half of it much sooner. */
  #laggard(source: Source, now: number): Run | undefined {
    let worst: { run: Run; time: number } | undefined;
    for (const run of this.#runs) {
      if (run.source === source || now - run.startedAt < this.#parts.limits.runTime) continue;
      const left = this.#parts.queue.leftOf(run.assignment) * this.#parts.hashes.head.pieceSize;
      const rate = Math.max(1, run.received / (now - run.startedAt)); // bytes a millisecond
      const mine = source.rate === 0 ? 0 : (left / 2 / source.rate) * 1000;
      const time = left / rate;
      if (left > 0 && time > 2 * mine && time > (worst?.time ?? 0)) worst = { run, time };
    }
    return worst?.run;
  }

  #launch(source: Source, assignment: Assignment): void {
    const now = performance.now();
    const run: Run = {
      ...{ source, assignment, controller: new AbortController(), startedAt: now, lastByteAt: now },
      ...{ received: 0, checking: 0, whole: false, ended: undefined },
    };
    this.#runs.add(run);
    source.running++;
    const work = this.#work(run).finally(() => this.#working.delete(work));
    this.#working.add(work);
  }

  async #work(run: Run): Promise<void> {
    const { http, limits, hashes, queue } = this.#parts;
    const { source, assignment } = run;
    try {
      await fetchSpan(http, {
        ...{ url: source.url, span: assignment, head: hashes.head, limits, controller: run.controller },
        onWhole: () => this.#takesWhole(run),
        onBytes: (count) => {
          run.received += count;
          run.lastByteAt = performance.now();
        },
        onPiece: (index, bytes) => this.#accept(run, index, bytes),
      });
    } catch (error) {
      this.#failed(run, error);
    } finally {
      this.#runs.delete(run);
      source.running--;
      if (assignment.open) source.stalled--;
      source.measured(run.received, performance.now() - run.startedAt);
      queue.release(assignment);
    }
    this.#pump();
  }

  /** A source without ranges is read once, from the start; a second request to it would only bring the same again. */
  #takesWhole(run: Run): void {
    const already = [...this.#runs].some((other) => other.source === run.source && other.whole);
    if (already) this.#cut(run, 'superseded');
    else run.whole = run.source.whole = true;
  }

  #cut(run: Run, why: 'superseded' | 'silent'): void {
    run.ended = why;
    run.controller.abort();
  }

  /** Verifies a piece and writes it, unless another source was first. */
  async #accept(run: Run, index: number, bytes: Buffer): Promise<void> {
    const { hashes, queue, output, sources, stop, onPiece } = this.#parts;
    if (this.#over || queue.isDone(index)) return;
    run.checking++;
    try {
      const proof = hashes.known(index) ?? (await hashes.need(index, run.source.base, stop.signal));
      if (proof === undefined) throw new Refusal(`nobody has the signed hash of piece ${index}`);
      if (pieceHash(bytes) !== proof.sha256)
        throw new PotluckError('POTLUCK_BAD_PIECE', `piece ${index} is not what the manager signed`);
      if (this.#over || queue.isDone(index) || this.#writing.has(index)) return;
      this.#writing.add(index);
      try {
        await output.write(index, bytes, proof);
      } catch (error) {
        this.#end(error); // no other source helps against a full disk
        return;
      } finally {
        this.#writing.delete(index);
      }
      queue.finish(index);
      run.source.brought(bytes.length);
      sources.progressed();
      onPiece(bytes.length);
      this.#supersede();
      this.#pump();
    } finally {
      run.checking--;
      run.lastByteAt = performance.now();
    }
  }

  /** Ends requests for pieces that others have brought. */
  #supersede(): void {
    for (const run of this.#runs) {
      if (run.whole || run.checking > 0 || this.#parts.queue.leftOf(run.assignment) > 0) continue;
      this.#cut(run, 'superseded');
    }
  }

  #failed({ source, ended }: Run, error: unknown): void {
    if (this.#over || ended === 'superseded') return;
    const { sources } = this.#parts;
    if (error instanceof PotluckError && error.code === 'POTLUCK_BAD_PIECE') sources.lied(source, error.message);
    else if (error instanceof Refusal) sources.refused(source, error);
    else sources.broke(source, ended === 'silent' ? 'nothing came for too long' : reasonOf(error));
  }

  /** Looks for requests that have gone silent, and for more sources where they are wanted. */
  #tick(): void {
    const { limits, queue, sources } = this.#parts;
    const now = performance.now();
    for (const run of this.#runs) {
      if (run.checking > 0) continue;
      const silent = now - run.lastByteAt;
      if (silent > limits.idleTimeout) this.#cut(run, 'silent');
      else if (silent > limits.stallAfter && !run.assignment.open) {
        queue.stall(run.assignment);
        run.source.stalled++;
        sources.stalled(run.source);
      }
    }
    const ready = sources.ready(now).length;
    if (this.#runs.size === 0 && ready === 0 && sources.hopeless) this.#end(sources.failure());
    void sources.refresh().then(
      () => this.#pump(),
      (error: unknown) => this.#end(error),
    );
  }
}
