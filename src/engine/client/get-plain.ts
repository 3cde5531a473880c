import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { open, unlink } from 'node:fs/promises';
import { PotluckError } from '../base/errors.ts';
import { headerOf } from '../content/headers.ts';
import { exists, fileError, moveInto } from './get-files.ts';
import { type Reply, reasonOf } from './get-http.ts';
import { partOf } from './get-part.ts';

export interface PlainOptions {
  readonly reply: Reply;
  readonly force: boolean;
  readonly restart: boolean;
  readonly signal: AbortSignal;
  /** Bytes so far, and of the whole where it says. */
  onBytes(done: number, length: number | undefined): void;
}

/**
 * One stream, as it comes, for what the manager only passes through: no hashes, no resuming. The length is checked where one is given
 * (RFC 9112 section 8). Resolves with the bytes written. Throws POTLUCK_DOWNLOAD_FAILED, POTLUCK_FILE_UNWRITABLE.
 */
export async function getPlainFile(file: string, options: PlainOptions): Promise<number> {
  const part = partOf(file);
  if (!options.restart && (await exists(part)))
    throw new PotluckError(
      'POTLUCK_FILE_EXISTS',
      `${part}, and this download cannot go on from it; --restart replaces it`,
    );
  const handle = await open(part, 'w').catch((error: unknown) => {
    throw fileError(file, error);
  });
  try {
    const stream = createWriteStream('', { fd: handle, flush: true });
    const bytes = await getPlainStream(stream, file, options);
    await new Promise<void>((done, fail) => stream.end((error?: Error | null) => (error ? fail(error) : done())));
    if (!stream.closed) await once(stream, 'close');
    await moveInto(part, file, options.force);
    return bytes;
  } catch (error) {
    await handle.close().catch(() => undefined); // the stream may have closed it already
    await unlink(part).catch(() => undefined);
    options.signal.throwIfAborted();
    throw fileError(file, error);
  }
}

/** The same into a stream that stays open. `name` is for errors. */
export async function getPlainStream(
  stream: NodeJS.WritableStream,
  name: string,
  options: PlainOptions,
): Promise<number> {
  const { reply, signal } = options;
  const length = lengthOf(reply);
  let broken: unknown;
  const onError = (error: unknown): void => {
    broken ??= error;
  };
  stream.on('error', onError);
  let done = 0;
  for await (const chunk of bodyOf(reply, signal)) {
    if (!stream.write(chunk)) await once(stream, 'drain', { signal }).catch(onError);
    signal.throwIfAborted();
    if (broken !== undefined) throw fileError(name, broken);
    done += chunk.length;
    options.onBytes(done, length);
  }
  if (length !== undefined && done !== length)
    throw new PotluckError('POTLUCK_DOWNLOAD_FAILED', `${done} of ${length} bytes came`);
  return done;
}

/** Content-Length, where the body is not chunked: then its end proves that it is complete. */
function lengthOf(reply: Reply): number | undefined {
  const length = headerOf(reply.headers, 'content-length');
  return length !== undefined && /^\d{1,15}$/.test(length) ? Number(length) : undefined;
}

/** The body; its own failures are told apart from those of the file that it goes to. */
async function* bodyOf(reply: Reply, signal: AbortSignal): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of reply.body as AsyncIterable<Buffer>) yield chunk;
  } catch (error) {
    signal.throwIfAborted();
    throw new PotluckError('POTLUCK_DOWNLOAD_FAILED', `it broke off: ${reasonOf(error)}`, { cause: error });
  }
}
