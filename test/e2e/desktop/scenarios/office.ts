import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll } from 'vitest';
import { type Origin, startOrigin } from '../../../support/origin.ts';
import { type Potluck, startPotluck, stopAll } from '../../../support/program.ts';
import { SlowReader } from '../../../support/slow-reader.ts';
import { startManager } from '../../nodes.ts';

const MIB = 2 ** 20;
/** Larger than what sockets and buffers on the way take in: a reader that pauses holds the download up. */
export const SIZE = 24 * MIB;
/** How it is written that so much was served: the manager may have looked whether it is served well, and had a piece or two. */
export const BIG = /^2[4-9](\.\d+)?\sMB\b(?!\/s)/;
/** Long enough under every cap that is tried. */
const HUGE = 80 * MIB;

export const TOKEN = 'open-sesame';

/** An origin and its managers, all programs of their own. */
export interface Office {
  readonly origin: Origin;
  /** Anybody may join it. It is announced on the network, and believes peers on this machine what address they have. */
  readonly open: Potluck;
  /** The same on loopback. */
  readonly openUrl: string;
  /** Wants a join token. */
  readonly guarded: Potluck;
}

/** One office for all tests of a file; to be asked for inside of tests. */
export function useOffice(): () => Office {
  let office: Office | undefined;
  beforeAll(async () => {
    const origin = await startOrigin({ files: { '/big.iso': { size: SIZE }, '/huge.iso': { size: HUGE } } });
    const control = ['--control', '127.0.0.1:0'];
    const openArgs = ['--listen', '0', '--advertise-allow', '127.0.0.0/8', ...control];
    const [open, guarded] = await Promise.all([
      startPotluck(['--manager', '--mirror', origin.url, ...openArgs]),
      startManager(origin.url, ['--join-token', TOKEN]),
    ]);
    office = { origin, open, openUrl: `http://127.0.0.1:${new URL(open.data).port}`, guarded };
  });
  afterAll(async () => {
    await stopAll();
    await office?.origin.close();
  });
  return () => {
    if (office === undefined) throw new Error('the office is not open yet');
    return office;
  };
}

/** Whether there is a network besides loopback: managers are announced on no other. */
export function hasNetwork(): boolean {
  return Object.values(networkInterfaces()).some((addresses = []) =>
    addresses.some(({ internal, family }) => !internal && family === 'IPv4'),
  );
}

/** A download that takes its time until it is told to go on. */
export function startDownload(manager: string): SlowReader {
  return new SlowReader(`${manager}/big.iso`);
}

/** The fingerprint of a manager's key, as it tells it. */
export async function fingerprintOf({ data }: Potluck): Promise<string> {
  return ((await (await fetch(`${data}/_potluck/health`)).json()) as { fingerprint: string }).fingerprint;
}

/** The link that an administrator hands out. */
export async function joinLink(manager: Potluck): Promise<string> {
  const key = await fingerprintOf(manager);
  return `potluck://join?url=${encodeURIComponent(manager.data)}&key=${key}&token=${TOKEN}`;
}
