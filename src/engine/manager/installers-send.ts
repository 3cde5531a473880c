import type { FileHandle } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { extname } from 'node:path';
import type { ByteRange } from '../policy/range.ts';
import type { Throttle } from '../rate/throttle.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.exe': 'application/vnd.microsoft.portable-executable',
  '.msi': 'application/x-msi',
  '.dmg': 'application/x-apple-diskimage',
  '.zip': 'application/zip',
  '.appimage': 'application/vnd.appimage',
  '.deb': 'application/vnd.debian.binary-package',
  '.rpm': 'application/x-rpm',
  '.gz': 'application/gzip',
  '.tgz': 'application/gzip',
  '.json': 'application/json',
  '.sig': 'text/plain; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
};

/** Media type of an offered file by its name. Nothing is sent as a page: it would run in the name of the data port. */
export function mediaType(name: string): string {
  return TYPES[extname(name).toLowerCase()] ?? 'application/octet-stream';
}

/**
 * Sends a part of a file as the rest of a response, within the upload cap and with one buffer, and ends it. A file that has become shorter, a
 * read error or a client that went away cuts the response: it never ends as though it were complete.
 */
export async function sendFile(
  response: ServerResponse,
  file: FileHandle,
  range: ByteRange,
  throttle: Throttle,
  signal: AbortSignal,
): Promise<void> {
  const flow = throttle.flow('client');
  const buffer = Buffer.allocUnsafe(throttle.slice());
  try {
    for (let at = range.start; at <= range.end; ) {
      const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, range.end + 1 - at), at);
      if (bytesRead === 0) throw new Error('the file has become shorter while it was sent');
      await flow.take(bytesRead, signal);
      await written(response, buffer.subarray(0, bytesRead));
      at += bytesRead;
    }
    response.end();
  } catch (error) {
    response.destroy();
    if (!signal.aborted) throw error;
  } finally {
    flow.close();
  }
}

/** Resolves when the kernel has the bytes, so that their memory can be used again. */
function written(response: ServerResponse, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    response.once('close', gone);
    function gone() {
      reject(new Error('the client went away'));
    }
    response.write(bytes, (error) => {
      response.off('close', gone);
      if (error) reject(error);
      else resolve();
    });
  });
}
