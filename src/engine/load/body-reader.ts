import { abortReason, PotluckError } from '../base/errors.ts';
import { PIECE_SIZE } from '../content/piece.ts';
import type { GrowingBody } from './growing-body.ts';
import type { StreamReader } from './stream.ts';

/** One reader of a growing body. What it was handed last stays valid until it asks for more. */
export class BodyReader implements StreamReader {
  /** Milliseconds for which it has held up the stream, all in all. */
  heldUp = 0;
  readonly #body: GrowingBody;
  readonly #onClose: () => void;
  #position: number;
  #handedAt: number;
  #wake: (() => void) | undefined;
  #failure: Error | undefined;
  #closed = false;

  constructor(body: GrowingBody, offset: number, onClose: () => void) {
    this.#body = body;
    this.#position = offset;
    this.#handedAt = offset;
    this.#onClose = onClose;
  }

  /** Index of the first piece that it still needs. */
  get low(): number {
    return Math.floor(this.#handedAt / PIECE_SIZE);
  }

  next(signal: AbortSignal): Buffer | undefined | Promise<Buffer | undefined> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const before = this.low;
    this.#handedAt = this.#position;
    if (this.low !== before) this.#body.trim();
    const slice = this.#body.slice(this.#position);
    if (slice !== undefined) {
      this.#position += slice.length;
      return slice;
    }
    const end = this.#body.end;
    if (end === undefined) return this.#wait(signal);
    if (!end.complete) return Promise.reject(end.error);
    // The end is told only to who was given everything before it.
    return this.#position >= end.length ? undefined : Promise.reject(new PotluckError('POTLUCK_REVISION_GONE'));
  }

  #wait(signal: AbortSignal): Promise<Buffer | undefined> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#wake = undefined;
        reject(abortReason(signal));
      };
      if (signal.aborted) return leave();
      signal.addEventListener('abort', leave, { once: true });
      this.#wake = () => {
        const news = this.#failure ?? this.#body.end ?? this.#body.slice(this.#position);
        if (news === undefined) return; // what has come is not for this one yet
        this.#wake = undefined;
        signal.removeEventListener('abort', leave);
        resolve(this.next(signal));
      };
    });
  }

  /** There are more bytes, or the end has come. */
  wake(): void {
    this.#wake?.();
  }

  /** Cuts the reader: it was too slow. */
  fail(error: Error): void {
    this.#failure = error;
    this.wake();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#onClose();
  }
}
