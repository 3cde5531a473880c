const POWERS: Readonly<Record<string, number>> = { '': 0, k: 1, m: 2, g: 3, t: 4 };
const DECIMAL: Readonly<Record<string, number>> = { '': 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12 };

/** Words for `no limit` that people type, in both languages. */
const NO_LIMIT = new Set(['', 'none', 'no limit', 'unlimited', 'off', '∞', '不限', '不限速', '无限制']);

/** Least and most that a cap may be, bytes a second. */
export const RATE_BOUNDS = { least: 1024, most: 2 ** 40 } as const;

/**
 * Reads a cap as people write it: `20M`, `20 MB/s`, `1.5 MiB/s` are bytes a second with units of 1024, `100 Mbit/s`, `100mbps` bits a second
 * with units of 1000, as network people count. Null: no limit. Undefined: not understood, or out of bounds.
 */
export function parseRate(text: string): number | null | undefined {
  const words = text.trim().toLowerCase();
  if (NO_LIMIT.has(words)) return null;
  const compact = words.replaceAll(/\s+/g, '').replace(',', '.');
  const bits = /^(\d+(?:\.\d+)?)([kmgt]?)(?:bits?(?:\/s|ps)?|bps|b\/sec)$/.exec(compact);
  const bytes = /^(\d+(?:\.\d+)?)([kmgt]?)(?:i?b)?(?:\/s|\/秒)?$/.exec(compact);
  const value = bits !== null ? scaled(bits, DECIMAL) / 8 : bytes !== null ? sized(bytes) : Number.NaN;
  const whole = Math.round(value);
  return whole >= RATE_BOUNDS.least && whole <= RATE_BOUNDS.most ? whole : undefined;
}

/** Reads a size, `512M`, `10 GB`, `1.5GiB`: bytes. Undefined: not understood. */
export function parseSize(text: string): number | undefined {
  const compact = text.trim().toLowerCase().replaceAll(/\s+/g, '').replace(',', '.');
  const match = /^(\d+(?:\.\d+)?)([kmgt]?)(?:i?b)?$/.exec(compact);
  return match === null ? undefined : Math.round(sized(match));
}

function sized([, digits = '', letter = '']: RegExpExecArray): number {
  return Number(digits) * 1024 ** (POWERS[letter] ?? 0);
}

function scaled([, digits = '', letter = '']: RegExpExecArray, units: Readonly<Record<string, number>>): number {
  return Number(digits) * (units[letter] ?? 1);
}
