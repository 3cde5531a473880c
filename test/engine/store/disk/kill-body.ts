/** Directories of one worker; only that worker touches them, so that what it asks for is in order. */
export const DIRECTORIES = 2;
export const KEYS = 12;
export const WORKERS = 6;

/** A name of 32 hexadecimal digits from a small number. */
export function name(number: number): string {
  return number.toString(16).padStart(32, '0');
}

export function directoryOf(worker: number, directory: number): string {
  return name(worker * 16 + directory + 1);
}

/** The body of a version: its length and every byte follow from it. Every fortieth is larger than a segment of 1 MiB. */
export function bodyOf(key: number, version: number): Buffer {
  const length = version % 40 === 39 ? 1_200_000 + version : 16 + ((version * 7919) % 9000);
  const bytes = Buffer.alloc(length, `${key}/${version};`);
  return bytes;
}
