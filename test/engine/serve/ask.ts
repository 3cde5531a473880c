import { type IncomingHttpHeaders, type IncomingMessage, type RequestOptions, request } from 'node:http';
import { request as secureRequest } from 'node:https';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  readonly trailers: NodeJS.Dict<string>;
  readonly complete: boolean;
  /** Statuses of the 1xx responses before it. */
  readonly information: readonly number[];
}

export interface AskOptions extends RequestOptions {
  readonly body?: string | Buffer;
  readonly rejectUnauthorized?: boolean;
}

/** One request on a connection of its own. Resolves also where the body is cut: `complete` tells. */
export function ask(url: string, options: AskOptions = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { body, ...rest } = options;
    const information: number[] = [];
    const outgoing = (url.startsWith('https') ? secureRequest : request)(url, { agent: false, ...rest });
    outgoing.on('information', (info) => information.push(info.statusCode));
    outgoing.on('error', reject);
    outgoing.on('response', (response) => {
      gather(response).then((answer) => resolve({ ...answer, information }), reject);
    });
    outgoing.end(body);
  });
}

export function gather(response: IncomingMessage): Promise<Omit<Answer, 'information'>> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('error', () => undefined);
    response.on('close', () =>
      resolve({
        status: response.statusCode as number,
        headers: response.headers,
        rawHeaders: response.rawHeaders,
        body: Buffer.concat(chunks),
        trailers: response.trailers,
        complete: response.complete,
      }),
    );
  });
}

/** Waits until something holds, for at most five seconds. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  for (let i = 0; i < 500; i++) {
    if (holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`in vain waited until ${what}`);
}
