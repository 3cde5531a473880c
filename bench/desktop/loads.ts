import type { PlainFile } from '../../test/support/origin-process.ts';
import { pullOnce } from '../one-connection.ts';
import { wrk } from '../wrk.ts';

const MIB = 1024 ** 2;
const SMALL = 16 * 1024;
const MEDIUM = 64 * MIB;
/** Four times the memory that the app is granted: most of it is read from the disk. */
const LARGE = 1024 * MIB;
const CLIENTS = 8;

const file = (size: number): PlainFile => ({ size, cacheControl: 'public, max-age=86400' });

/** What the origin has. */
export const FILES: Record<string, PlainFile> = {
  '/16k': file(SMALL),
  '/64m': file(MEDIUM),
  '/1g': file(LARGE),
};

/** Something that clients ask of the app. */
export interface Load {
  readonly name: string;
  readonly path: string;
  /** A program that it cannot do without. */
  readonly needs?: 'wrk';
  /** What comes before it is measured. */
  readonly prepare?: (url: string) => Promise<unknown>;
  /** Asks for about so many seconds; body bytes a second that all clients together got. */
  readonly run: (url: string, seconds: number) => Promise<number>;
}

/** Clients that pull a file, each at least once, and again until the time is over. */
async function pullAll(url: string, size: number, seconds: number): Promise<number> {
  const began = performance.now();
  let bytes = 0;
  const client = async () => {
    do {
      await pullOnce(url, size);
      bytes += size;
    } while (performance.now() - began < seconds * 1000);
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return (bytes * 1000) / (performance.now() - began);
}

/** Cold first: what is fetched there is what the others find. */
export const LOADS: readonly Load[] = [
  {
    name: `1 GiB through the manager, cold, ${CLIENTS} clients`,
    path: '/1g',
    run: (url) => pullAll(url, LARGE, 0),
  },
  {
    name: `1 GiB from the disk, ${CLIENTS} clients`,
    path: '/1g',
    run: (url, seconds) => pullAll(url, LARGE, seconds),
  },
  {
    name: `64 MiB from memory, ${CLIENTS} clients`,
    path: '/64m',
    prepare: (url) => pullOnce(url, MEDIUM),
    run: (url, seconds) => pullAll(url, MEDIUM, seconds),
  },
  {
    name: '16 KiB from memory, 64 connections',
    path: '/16k',
    needs: 'wrk',
    prepare: (url) => pullOnce(url, SMALL),
    run: async (url, seconds) => (await wrk(url, { connections: 64, seconds })).bytesPerSecond,
  },
];
