import { connect } from 'node:net';
import { silentLog } from '../../../src/engine/base/log.ts';
import type { ControlRoutes, LimitsPatch } from '../../../src/engine/control/routes.ts';
import { type ControlOptions, ControlServer } from '../../../src/engine/control/server.ts';
import type {
  Health,
  Limits,
  NodeRecord,
  NodeReport,
  PurgeRequest,
  Stats,
} from '../../../src/engine/protocol/control.ts';

export const HEALTH: Health = { status: 'ok', face: 'manager', version: '1.2.3', uptime: 90_061, downloads: 2 };

export const RECORD: NodeRecord = {
  id: 'n1',
  url: 'http://192.168.1.7:8001',
  location: null,
  capacity: 100,
  current_load: 2,
  status: 'active',
  last_heartbeat: 1_767_225_600,
};

export const REPORT: NodeReport = {
  id: 'n1',
  name: 'ann-desktop',
  url: 'http://192.168.1.7:8001',
  location: 'second floor',
  capacity: 100,
  status: 'paused',
  reason: 'on battery',
  downloads: 2,
  upload_rate: 5_242_880,
  download_rate: 0,
  upload_cap: null,
  throughput: 12_000_000,
  served: 3_000_000_000,
  fetched: 1_000_000,
  requests: 200,
  hits: 150,
  joined_at: 1_767_225_600_000,
};

export const STATS: Stats = {
  ...HEALTH,
  id: 'm1',
  data: 'http://192.168.1.5:11000',
  reason: null,
  upstream: null,
  nodes: 1,
  requests: 400,
  hits: 300,
  redirects: 250,
  served: 1_073_741_824,
  fetched: 268_435_456,
  origin: 268_435_456,
  upload_rate: 1000,
  download_rate: 0,
  limits: { upload_cap: null, download_cap: 12_500_000, memory: 536_870_912 },
  store: {
    grant: 536_870_912,
    cached: 104_857_600,
    held: 1_048_576,
    entries: 101,
    evictions: 3,
    hits: 300,
    misses: 100,
    disk: null,
  },
};

/** A face that keeps what it was told. */
export class RecordingRoutes implements ControlRoutes {
  limitsNow: Limits = { upload_cap: null, download_cap: null, memory: 1024 };
  patches: LimitsPatch[] = [];
  purges: PurgeRequest[] = [];
  leaves: boolean[] = [];
  downloads = 0;

  nodes = () => [RECORD];
  apiNodes = () => [REPORT];
  health = () => ({ ...HEALTH, downloads: this.downloads });
  stats = () => STATS;
  limits = () => this.limitsNow;

  async setLimits(patch: LimitsPatch): Promise<Limits> {
    this.patches.push(patch);
    this.limitsNow = { ...this.limitsNow, ...patch };
    return this.limitsNow;
  }

  async purge(request: PurgeRequest): Promise<{ purged: number }> {
    this.purges.push(request);
    return { purged: 7 };
  }

  async leave({ cold }: { cold: boolean }): Promise<{ downloads: number }> {
    this.leaves.push(cold);
    return { downloads: this.downloads };
  }
}

export interface TestControl {
  readonly server: ControlServer;
  readonly url: string;
  readonly port: number;
}

/** A control server on a free port of loopback, unless told otherwise. */
export async function startControl(routes: ControlRoutes, options: Partial<ControlOptions> = {}): Promise<TestControl> {
  const server = new ControlServer({ routes, log: silentLog }, { host: '127.0.0.1', port: 0, ...options });
  await server.start();
  const { port } = server.address;
  return { server, port, url: `http://127.0.0.1:${port}` };
}

export interface RawAnswer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** Sends text as it is, and reads until the other side closes. */
export function raw(port: number, text: string): Promise<RawAnswer> {
  return new Promise((done, fail) => {
    const chunks: Buffer[] = [];
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    socket.setTimeout(10_000, () => socket.destroy(new Error('no answer in time')));
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', fail);
    socket.on('close', () => {
      const answer = Buffer.concat(chunks).toString();
      const end = answer.indexOf('\r\n\r\n');
      const head = answer.slice(0, end);
      done({ status: Number(head.split(' ')[1]), head, body: answer.slice(end + 4) });
    });
  });
}

/** A request with exactly these header lines, on a connection that ends after it. */
export function request(port: number, line: string, headers: readonly string[], body = ''): Promise<RawAnswer> {
  const length = body === '' ? [] : [`Content-Length: ${Buffer.byteLength(body)}`];
  return raw(port, [`${line} HTTP/1.1`, ...headers, ...length, 'Connection: close', '', body].join('\r\n'));
}
