import { describe, it } from 'vitest';
import {
  CAN_MOUNT,
  managerComesBack,
  peerComesBack,
  readLargerThanDisk,
  readLargerThanMemory,
  startOnFullDisk,
} from '../e2e/disk-restart.ts';

const MIB = 1024 * 1024;

describe.each(['SIGTERM', 'kill -9'] as const)('after %s', (how) => {
  it('a peer serves what it had, and members get it from there', async () => await peerComesBack(how));

  it('a manager serves what it had, but for what was purged or changed', async () => await managerComesBack(how));
});

describe('a file that is larger than what it is kept in', () => {
  it('64 MiB and 16 MiB of memory: the disk has it, and the origin sends each byte once', async () => {
    await readLargerThanMemory({ size: 64 * MIB, memory: '16M' });
  });

  it('96 MiB and 32 MiB of disk: a peer says what it has dropped', async () => {
    await readLargerThanDisk({ size: 96 * MIB, memory: '16M', disk: 32 });
  });
});

describe.runIf(CAN_MOUNT)('a disk that is full', () => {
  it.each(['manager', 'peer'] as const)(
    'does not keep a %s from starting, serving what it had, and going on',
    async (face) => await startOnFullDisk(face),
  );
});
