import type { Head } from '../content/head.ts';
import type { RawHeaders } from '../content/headers.ts';

/** A body that arrives as one stream and is cut into pieces as it comes; shared by all who can join it. */
export interface OriginStream {
  readonly status: number;
  readonly headers: RawHeaders;
  readonly etag: string | undefined;
  readonly revision: string;
  /** Bytes of the complete body; undefined until it is known. */
  readonly length: number | undefined;
  /** The head, if the answer may be stored; undefined where it is only passed on while it lasts. */
  readonly head: Head | undefined;
  /** Age of the response, seconds. */
  readonly age: number;
  /** True while a reader that begins at `offset` can be given every byte. */
  canJoin(offset: number): boolean;
  /** A reader from `offset` on. Throws POTLUCK_REVISION_GONE where it cannot join. */
  join(offset: number): StreamReader;
}

export interface StreamReader {
  /**
   * The next bytes, as soon as there are some; undefined at the end of a complete body. The slice is valid until the next call.
   * Rejects with POTLUCK_ORIGIN_BROKEN where the origin broke off and with POTLUCK_BUSY where the reader fell behind for too long.
   */
  next(signal: AbortSignal): Buffer | undefined | Promise<Buffer | undefined>;
  close(): void;
}
