import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../src/engine/base/clock.ts';
import { silentLog } from '../../../src/engine/base/log.ts';
import { Throttle } from '../../../src/engine/rate/throttle.ts';
import type { AccessLine } from '../../../src/engine/serve/collaborators.ts';
import { DataListener } from '../../../src/engine/serve/listener.ts';
import { MemoryObjects } from '../../../src/engine/store/memory-objects.ts';
import { MemoryStore } from '../../../src/engine/store/memory-store.ts';
import type { ObjectStore } from '../../../src/engine/store/object-store.ts';
import { Objects } from '../../../src/engine/store/objects.ts';
import type { Store } from '../../../src/engine/store/store.ts';
import { TieredStore } from '../../../src/engine/store/tiered-store.ts';
import { StoreHandler } from '../../../src/engine/store-server/store-handler.ts';

const MIB = 1024 * 1024;
export const DIR = 'ab'.repeat(16);
export const WHOLE = 'f'.repeat(32);

export function id(number: number): string {
  return number.toString(16).padStart(32, '0');
}

export interface Face extends AsyncDisposable {
  readonly port: number;
  readonly store: Store;
  readonly handler: StoreHandler;
  readonly lines: AccessLine[];
}

export interface FaceOptions {
  readonly memory?: number;
  /** 0: memory alone. */
  readonly disk?: number;
  readonly admitAfter?: number;
}

/** A store with its port on loopback. */
export async function openFace({ memory = 8 * MIB, disk = 32 * MIB, admitAfter = 1 }: FaceOptions = {}): Promise<Face> {
  const folder = await mkdtemp(join(tmpdir(), 'potluck-face-'));
  const clock = systemClock;
  const { store, objects } = await open(folder, memory, disk, admitAfter);
  const lines: AccessLine[] = [];
  const handler = new StoreHandler(
    {
      objects,
      upload: new Throttle({ clock }),
      download: new Throttle({ clock }),
      access: { record: (line) => void lines.push(line) },
      health: () => ({ status: 'ok' }),
      log: silentLog,
      clock,
    },
    { name: 'test' },
  );
  const listener = new DataListener({ handler, memory: store, log: silentLog, clock }, { host: '127.0.0.1', port: 0 });
  await listener.start();
  const close = async () => {
    await listener.close();
    await store.close();
    await rm(folder, { recursive: true, force: true });
  };
  return { port: listener.address.port, store, handler, lines, [Symbol.asyncDispose]: close };
}

async function open(
  folder: string,
  memory: number,
  disk: number,
  admitAfter: number,
): Promise<{ store: Store; objects: ObjectStore }> {
  if (disk === 0) {
    const store = new MemoryStore({}, { grant: memory, poison: true });
    return { store, objects: new MemoryObjects({ memory: store, clock: systemClock }) };
  }
  const options = { folder, memory, disk, admitAfter, poison: true };
  const store = new TieredStore({ clock: systemClock, log: silentLog }, options);
  await store.start();
  return { store, objects: new Objects(store) };
}

export interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: Buffer;
}

/** One request on a connection of its own, as node's client sends it. An `undefined` body announces none. */
export function ask(
  { port }: { port: number },
  method: string,
  path: string,
  { headers = {}, body }: { headers?: Record<string, string>; body?: Buffer | string | undefined } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ port, host: '127.0.0.1', method, path, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
