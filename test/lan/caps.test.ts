import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PIECE_SIZE } from '../../src/engine/content/piece.ts';
import { holdCaps } from '../e2e/hold-caps.ts';
import { Recorder, socketBytes } from '../e2e/rates.ts';
import { type OriginProcess, startOriginProcess } from '../support/origin-process.ts';
import { eventually, type Potluck, startPotluck, stopAll, type TempFolder, tempFolder } from '../support/program.ts';
import { canRun, createLan, type Lan } from './rig.ts';

const MIB = 1024 * 1024;
const DOWNLOADS = 4;
/** Ethernet, IPv4 and TCP with timestamps, bytes of each packet. */
const FRAME_HEADERS = 14 + 20 + 32;
/** Seconds that must have been measured under each cap. */
const ENOUGH = 10;

describe.runIf(canRun())('a cap', () => {
  let lan: Lan;
  let folder: TempFolder;
  let origin: OriginProcess;
  let manager: string;
  beforeEach(async () => {
    lan = createLan({ hosts: ['manager', 'peer', 'other', 'client'].map((name) => ({ name, rate: '1gbit' })) });
    folder = tempFolder();
    const netns = lan.netns('manager');
    const names = Array.from({ length: DOWNLOADS }, (_, i) => `/f${i}`);
    origin = await startOriginProcess({ files: Object.fromEntries(names.map((n) => [n, { size: 320 * MIB }])), netns });
    await startPotluck(['--manager', '--mirror', origin.url, '--no-mdns', '--disk', '0'], { netns });
    manager = `http://${lan.address('manager')}:11000`;
  });
  afterEach(async () => {
    await stopAll();
    await lan.close();
    folder.remove();
  });

  /** The capped peer and an ordinary one, both fit. */
  async function start(...cap: string[]): Promise<Potluck> {
    const join = (host: string, ...args: string[]) =>
      startPotluck(['--peer', '--upstream', manager, '--no-mdns', '--disk', '0', ...args], { netns: lan.netns(host) });
    const [peer] = await Promise.all([join('peer', ...cap), join('other')]);
    await eventually(async () => {
      const { stdout } = await lan.exec('manager', 'curl', ['-sS', 'http://127.0.0.1:11001/nodes']);
      return stdout.split('"active"').length === 3;
    });
    return peer;
  }

  /** A client that counts what it has read, in a file. */
  function download(url: string, name: string): () => number {
    const file = `${folder.path}/${name}`;
    const script = `let n = 0; require('node:http').get(process.argv[1], (r) => r.on('data', (c) => (n += c.length)));
      setInterval(() => require('node:fs').writeFileSync(process.argv[2], String(n)), 20);`;
    lan.spawn('client', process.execPath, ['-e', script, url, file]);
    return () => {
      try {
        return Number(readFileSync(file, 'utf8'));
      } catch {
        return 0; // it has not begun
      }
    };
  }

  /**
   * Uploads by what the peer's network card has sent (proc(5): net/dev, of the process's own namespace). Downloads by what it has read from its
   * sockets: what the kernel takes in before it is read, up to the receive window of each connection, comes sooner, and no more of it.
   */
  function bytes(pid: number, direction: 'sent' | 'received'): number {
    if (direction === 'received') return socketBytes(pid, direction);
    const card = /eth1:\s*(.*)/.exec(readFileSync(`/proc/${pid}/net/dev`, 'utf8'))?.[1] ?? '';
    const fields = card.split(/\s+/).map(Number);
    return (fields[8] as number) - (fields[9] as number) * FRAME_HEADERS; // a cap counts what is sent, not how it is packed
  }

  async function hold(peer: Potluck, direction: 'sent' | 'received', downloads: (() => number)[]): Promise<void> {
    const name = direction === 'sent' ? 'upload_cap' : 'download_cap';
    using recorder = new Recorder(() => bytes(peer.pid, direction), [peer.pid]);
    const set = async (cap: string) => {
      const json = ['-H', 'Content-Type: application/json', '-d', JSON.stringify({ [name]: cap })];
      const answer = await lan.exec('peer', 'curl', ['-sS', '-f', ...json, 'http://127.0.0.1:8002/api/v1/limits']);
      expect(answer.code).toBe(0);
    };
    const lump = direction === 'sent' ? 0 : PIECE_SIZE;
    await holdCaps({
      name,
      recorder,
      set,
      downloads: () => downloads.map((read) => read()),
      lump,
      tolerance: 0.05,
      fromBelow: true,
      enough: ENOUGH,
    });
  }

  it('of uploads holds in every second, for downloads and fills together, and is shared evenly', async () => {
    const peer = await start('--upload-cap', '5M');
    const url = `http://${lan.address('peer')}:8001/f0`;
    const downloads = Array.from({ length: DOWNLOADS }, (_, i) => download(url, `up${i}`));
    download(`http://${lan.address('other')}:8001/f1`, 'fill'); // half of its pieces belong to the capped peer
    await hold(peer, 'sent', downloads);
  });

  it('of downloads holds in every second, whoever the bytes come from, and is shared evenly', async () => {
    const peer = await start('--download-cap', '5M');
    const downloads = Array.from({ length: DOWNLOADS }, (_, i) =>
      download(`http://${lan.address('peer')}:8001/f${i}`, `down${i}`),
    );
    await hold(peer, 'received', downloads);
  });
});
