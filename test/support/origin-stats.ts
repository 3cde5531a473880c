import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

/** Requests kept in the log; older ones are forgotten, the counters are not. */
const LOG_LIMIT = 10_000;

/** One request as it came, and what became of it. */
export interface RequestRecord {
  readonly method: string;
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly httpVersion: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** 0 until the head is sent. */
  status: number;
  bodyBytes: number;
  /** How it ended: the whole answer was flushed, or the connection went away first. */
  end: 'running' | 'complete' | 'aborted';
}

/**
 * What the origin has sent. `bodyBytes` counts bytes of response bodies, without heads and chunk framing, at the moment a chunk of
 * 64 KiB at most is handed to the socket; the next chunk is made only when the kernel has taken that one. So it is never too
 * low: it includes what lay in kernel buffers when a client went away, and is too high by at most one chunk for each aborted response.
 */
export class OriginStats {
  bodyBytes = 0;
  /** Bytes of request bodies received. */
  receivedBytes = 0;
  connections = 0;
  /** Requests by method and target, as in `GET /file`. */
  readonly counts = new Map<string, number>();
  /** Body bytes by path, without the query. */
  readonly bytesByPath = new Map<string, number>();
  /** The latest requests, oldest first. */
  readonly log: RequestRecord[] = [];

  record(request: IncomingMessage): RequestRecord {
    const record: RequestRecord = {
      method: request.method ?? '',
      target: request.url ?? '',
      headers: request.headers,
      rawHeaders: request.rawHeaders,
      httpVersion: request.httpVersion,
      at: Date.now(),
      status: 0,
      bodyBytes: 0,
      end: 'running',
    };
    const name = `${record.method} ${record.target}`;
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
    this.log.push(record);
    if (this.log.length > LOG_LIMIT) this.log.shift();
    return record;
  }

  sent(record: RequestRecord, path: string, bytes: number): void {
    this.bodyBytes += bytes;
    record.bodyBytes += bytes;
    this.bytesByPath.set(path, (this.bytesByPath.get(path) ?? 0) + bytes);
  }

  /** How often the target was asked for; of all methods where none is named. */
  requests(target: string, method?: string): number {
    if (method !== undefined) return this.counts.get(`${method} ${target}`) ?? 0;
    let sum = 0;
    for (const [name, count] of this.counts) if (name.endsWith(` ${target}`)) sum += count;
    return sum;
  }

  /** Requests of all kinds since the start or the last reset. */
  get total(): number {
    let sum = 0;
    for (const count of this.counts.values()) sum += count;
    return sum;
  }

  reset(): void {
    this.bodyBytes = 0;
    this.receivedBytes = 0;
    this.connections = 0;
    this.counts.clear();
    this.bytesByPath.clear();
    this.log.length = 0;
  }

  /** For another process: everything but the log. */
  toJSON(): object {
    return {
      bodyBytes: this.bodyBytes,
      receivedBytes: this.receivedBytes,
      connections: this.connections,
      total: this.total,
      counts: Object.fromEntries(this.counts),
      bytesByPath: Object.fromEntries(this.bytesByPath),
    };
  }
}
