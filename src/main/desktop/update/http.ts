import { type IncomingMessage, request } from 'node:http';
import { request as secureRequest } from 'node:https';
import { PotluckError } from '../../../engine/base/errors.ts';

/** A server that says nothing for this long is given up, milliseconds. */
const SILENCE = 20_000;

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: IncomingMessage;
}

/** Asks for a URL. Rejects with POTLUCK_MANAGER_UNREACHABLE, or with the signal's reason. Redirects are not followed. */
export type Get = (url: string, options: { headers?: Record<string, string>; signal: AbortSignal }) => Promise<Answer>;

/**
 * Over HTTP or HTTPS. Certificates are not checked, because an office's own may be known to nobody: what comes is believed for its
 * signature alone, whoever sent it.
 */
export const getOverHttp: Get = (url, { headers = {}, signal }) =>
  new Promise((resolve, reject) => {
    const secure = url.startsWith('https:');
    const options = { headers, signal, agent: false as const, timeout: SILENCE };
    const asked = secure ? secureRequest(url, { ...options, rejectUnauthorized: false }) : request(url, options);
    asked.once('timeout', () => asked.destroy(new Error('it stopped answering')));
    asked.once('error', (error) => reject(signal.aborted ? signal.reason : unreachable(url, error)));
    asked.once('response', (body) => resolve({ status: body.statusCode ?? 0, headers: body.headers, body }));
    asked.end();
  });

/** The whole body of an answer, up to `limit` bytes. Rejects with POTLUCK_UPDATE_REFUSED beyond that. */
export async function readWhole({ body }: Answer, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > limit) throw new PotluckError('POTLUCK_UPDATE_REFUSED', 'its description is too long');
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof PotluckError) throw error;
    throw new PotluckError('POTLUCK_MANAGER_UNREACHABLE', 'the connection broke off', { cause: error });
  }
  return Buffer.concat(chunks);
}

function unreachable(url: string, error: Error): PotluckError {
  return new PotluckError('POTLUCK_MANAGER_UNREACHABLE', `${new URL(url).origin} (${error.message})`, { cause: error });
}
