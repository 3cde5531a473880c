import { get, type IncomingHttpHeaders } from 'node:http';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** The URL that answered, behind redirects. */
  readonly url: string;
}

const MAX_REDIRECTS = 5;

/** GET with redirects followed, whole body in memory. Rejects where the body ends early. */
export function fetchWhole(url: string, headers: Record<string, string> = {}, hops = MAX_REDIRECTS): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = get(url, { headers, agent: false }, (response) => {
      const { statusCode: status = 0 } = response;
      const { location } = response.headers;
      if (status >= 300 && status < 400 && location !== undefined && hops > 0) {
        response.resume();
        resolve(fetchWhole(new URL(location, url).href, headers, hops - 1));
        return;
      }
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ status, headers: response.headers, body: Buffer.concat(chunks), url }));
      response.on('error', reject);
    });
    request.on('error', reject);
  });
}
