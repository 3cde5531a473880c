import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { eventually } from '../support/program.ts';
import type { Recorder } from './rates.ts';

const MIB = 1024 * 1024;
/** The second after a change is nobody's; then each is held against the cap. Milliseconds. */
const SETTLING = 1000;
const PHASE = 2000;
/** How long it may take until enough seconds were measured, on a machine that is busy with something else. */
const BUSY = 20_000;
/** What must go through over a whole phase, even if the machine hardly lets the program run. */
const LEAST = 0.5;

export interface CapTest {
  readonly name: string;
  readonly recorder: Recorder;
  /** Sets the cap, as written on the command line, while everything runs. */
  readonly set: (cap: string) => Promise<unknown>;
  /** How far each download has come, bytes. */
  readonly downloads: () => readonly number[];
  /** Bytes by which shares may differ beside a tenth: what is fetched comes in pieces. */
  readonly lump: number;
  /** Share by which a second may miss the cap; the promise is a twentieth. */
  readonly tolerance: number;
  /** Whether each second is held from below, too; else their mean alone is, since the machine may be kept busy by others. */
  readonly fromBelow: boolean;
  /** Seconds that must have been measured under each cap. */
  readonly enough: number;
}

/** Lets downloads run under a cap of 5M and then 10M, and holds each second that begins a second after the change against it. */
export async function holdCaps(test: CapTest): Promise<void> {
  for (const cap of [5, 10]) {
    if (cap === 10) await test.set('10M');
    await sleep(SETTLING);
    const [from, before] = [performance.now(), test.downloads()];
    await sleep(PHASE);
    const rates = await eventually(() => {
      const windows = test.recorder.windows(from);
      return windows.length >= test.enough && windows;
    }, BUSY);
    const shares = test.downloads().map((bytes, i) => bytes - (before[i] as number));
    const mean = shares.reduce((sum, share) => sum + share) / shares.length;
    const parts = rates.map((rate) => rate / (cap * MIB));
    const all = test.recorder.rate(from) / (cap * MIB);
    console.log(
      `${test.name} ${cap}M: ${all.toFixed(3)} of it; ${parts.length} seconds could be measured` +
        `${parts.length === 0 ? '' : `, ${Math.min(...parts).toFixed(3)} to ${Math.max(...parts).toFixed(3)}`}; ` +
        `shares ${shares.map((share) => (share / mean).toFixed(2)).join(' ')}`,
    );
    expect(all).toBeGreaterThan(LEAST);
    expect(all).toBeLessThan(1 + test.tolerance);
    expect(Math.max(1, ...parts)).toBeLessThan(1 + test.tolerance);
    if (test.fromBelow) expect(Math.min(1, ...parts)).toBeGreaterThan(1 - test.tolerance);
    for (const share of shares) expect(Math.abs(share - mean)).toBeLessThan(mean / 10 + test.lump);
  }
}
