import { writeSync } from 'node:fs';
import { systemClock } from '../../../../src/engine/base/clock.ts';
import { silentLog } from '../../../../src/engine/base/log.ts';
import { NO_TAGS } from '../../../../src/engine/store/disk/tags.ts';
import { Objects } from '../../../../src/engine/store/objects.ts';
import { TieredStore } from '../../../../src/engine/store/tiered-store.ts';
import { bodyOf, DIRECTORIES, directoryOf, KEYS, name, WORKERS } from './kill-body.ts';

/**
 * Puts, replaces and deletes until it is killed. Each operation is said before it begins and after it was acknowledged, a line each,
 * written at once: what the parent has read is what this process had done.
 */
const [folder = '', disk = '', first = '1'] = process.argv.slice(2);
const store = new TieredStore(
  { clock: systemClock, log: silentLog },
  { folder, disk: Number(disk), memory: 1024 * 1024 },
);
await store.start();
const objects = new Objects(store);
let version = Number(first);

const say = (line: string) => writeSync(1, `${line}\n`);
const pick = (below: number) => Math.floor(Math.random() * below);

async function operate(worker: number): Promise<void> {
  const directory = pick(DIRECTORIES);
  const key = pick(KEYS);
  const dir = directoryOf(worker, directory);
  const dice = Math.random();
  const what = dice < 0.03 ? 'wipe' : dice < 0.2 ? 'delete' : 'put';
  const mine = version++;
  const line = `${what} ${worker} ${directory} ${key} ${mine}`;
  say(`begin ${line}`);
  if (what === 'wipe') await objects.removeDirectory(dir);
  else if (what === 'delete') await objects.remove(dir, name(key));
  else await put(dir, key, mine);
  say(`end ${line}`);
}

async function put(dir: string, key: number, mine: number): Promise<void> {
  const body = bodyOf(key, mine);
  const attributes = { tags: NO_TAGS, expires: 0, meta: Buffer.from(String(mine)) };
  if (body.length < 100_000) {
    await objects.put(dir, name(key), attributes, body);
    return;
  }
  const writer = await objects.begin(dir, name(key), attributes);
  for (let at = 0; at < body.length; at += 65_536) await writer.write(body.subarray(at, at + 65_536));
  await writer.commit();
}

say('ready');
const forever = async (worker: number) => {
  for (;;) await operate(worker);
};
await Promise.all(Array.from({ length: WORKERS }, (_, worker) => forever(worker)));
