import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConditionState } from '../../../engine/protocol/desktop.ts';

/** Where Linux lists what feeds the machine. */
export const POWER_SUPPLIES = '/sys/class/power_supply';

/**
 * Whether a Linux machine runs on its battery, which Electron cannot tell there: it says `no` always. `unknown` where the kernel lists
 * nothing that can be read.
 */
export async function askPowerSupplies(folder: string): Promise<ConditionState> {
  try {
    const names = await readdir(folder);
    return parsePowerSupplies(await Promise.all(names.map((name) => readSupply(join(folder, name)))));
  } catch {
    return 'unknown'; // a system without that folder, or one that shuts it
  }
}

/** What the kernel says of one supply; nothing where it has just been unplugged. */
function readSupply(folder: string): Promise<string> {
  return readFile(join(folder, 'uevent'), 'utf8').catch(() => '');
}

/**
 * Reads the `uevent` of each supply. One that is plugged in and online feeds the machine, whatever a battery says beside it; a battery of a
 * mouse or a headset (scope `Device`) feeds nothing. A machine without a battery does not run on one.
 */
export function parsePowerSupplies(uevents: readonly string[]): ConditionState {
  const supplies = uevents.map(fieldsOf).filter((one) => one.get('SCOPE') !== 'Device');
  const plugged = supplies.some((one) => one.get('TYPE') !== 'Battery' && one.get('ONLINE') === '1');
  const discharging = supplies.some((one) => one.get('TYPE') === 'Battery' && one.get('STATUS') === 'Discharging');
  return discharging && !plugged ? 'yes' : 'no';
}

function fieldsOf(uevent: string): ReadonlyMap<string, string> {
  return new Map([...uevent.matchAll(/^POWER_SUPPLY_(\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]));
}
