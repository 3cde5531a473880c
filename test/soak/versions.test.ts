import { describe, expect, it } from 'vitest';
import { replaceInMidDownload, VALIDATORS } from '../e2e/versions.ts';

const MIB = 1024 * 1024;
const FULL = { size: 256 * MIB, rate: 40 * MIB, clients: 10, timeout: 300_000 };

describe('256 MiB of origin content replaced in mid-download', () => {
  it.each(Object.keys(VALIDATORS))('with %s: no response mixes versions, nor does a resumed download', async (kind) => {
    const figures = await replaceInMidDownload(VALIDATORS[kind] ?? {}, FULL);
    console.log(kind, figures);
    expect(figures.old + figures.new + figures.cut).toBe(20);
  });
});
