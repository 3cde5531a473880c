import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Store from 'electron-store';
import Type, { type Static } from 'typebox';
import { Check } from 'typebox/value';
import { PotluckError } from '../../engine/base/errors.ts';
import type { Log } from '../../engine/base/log.ts';
import { type DesktopSettings, SettingsSchema } from '../../engine/protocol/desktop.ts';

const MIB = 2 ** 20;

/** What this machine has, for defaults that it does not feel. Bytes. */
export interface Machine {
  readonly totalMemory: number;
  /** Null where it cannot be told. */
  readonly freeDisk: number | null;
}

/**
 * Kind defaults: most of a gigabit line stays with its owner, nothing is sent on battery, over a metered network or a VPN, and the cache is
 * bounded by an eighth of the memory and a fifth of the free disk.
 */
export function kindDefaults({ totalMemory, freeDisk }: Machine): DesktopSettings {
  const clamp = (value: number, least: number, most: number) => Math.floor(Math.max(least, Math.min(most, value)));
  return {
    uploadCap: 20 * MIB,
    downloadCap: null,
    memory: clamp(totalMemory / 8, 64 * MIB, 512 * MIB),
    disk: kindDisk(freeDisk),
    cacheFolder: '',
    hours: '',
    conditions: { battery: 'pause', metered: 'pause', vpn: 'pause', busy: 'serve' },
    port: 8001,
    startAtLogin: false,
    joinAutomatically: true,
    language: 'system',
    theme: 'system',
    notifications: true,
    quitWarm: true,
    updates: 'ask',
    firstRunDone: false,
  };
}

const MemorySchema = Type.Object(
  {
    /** The manager that was joined last; null before the first. */
    last: Type.Union([
      Type.Null(),
      Type.Object({
        url: Type.String(),
        name: Type.String(),
        fingerprint: Type.String({ pattern: '^[0-9a-f]{64}$' }),
      }),
    ]),
    /** It was joined, and not left, when the app ended: `joinAutomatically` goes on from there. */
    joined: Type.Boolean(),
    /** Where the window stood; read by window-place.ts. */
    window: Type.Unknown(),
    /** It was said once that the app goes on in the tray. */
    toldOfTray: Type.Boolean(),
    /** The last new version that a notification spoke of, and its step; null before the first. */
    toldOfUpdate: Type.Union([Type.Null(), Type.String()]),
    /** Milliseconds since 1970 until which the person has paused it; null: not paused. */
    pausedUntil: Type.Union([Type.Null(), Type.Number()]),
  },
  { additionalProperties: false },
);

/** The engine's disk tier wants some room at least; a disk that is as good as full is left alone. */
function kindDisk(free: number | null): number {
  const share = free === null ? 1024 * MIB : Math.floor(free / 5);
  return share < 64 * MIB ? 0 : Math.min(share, 10 * 1024 * MIB);
}

/** What the app remembers by itself, beside what the person has set. */
export type Memory = Static<typeof MemorySchema>;

type Kept = { settings: DesktopSettings; memory: Memory };

const NO_MEMORY: Memory = {
  last: null,
  joined: false,
  window: null,
  toldOfTray: false,
  toldOfUpdate: null,
  pausedUntil: null,
};

/** How the file looks; MemorySchema and SettingsSchema are JSON Schema, which the store checks at every write. */
const SCHEMA = { settings: SettingsSchema, memory: MemorySchema };

function rememberedOf(found: unknown): Memory {
  const given = { ...NO_MEMORY, ...Object(found) };
  return Check(MemorySchema, given) ? given : NO_MEMORY;
}

/**
 * The settings with the default in place of what is missing or not allowed, so that one odd entry does not cost the others: after an update,
 * and where somebody edited the file by hand.
 */
export function mended(found: unknown, defaults: DesktopSettings): DesktopSettings {
  const given = Object(found) as Record<string, unknown>;
  const names = Object.keys(defaults) as (keyof DesktopSettings)[];
  const entries = names.map((name) => {
    const value = given[name];
    return [name, value !== undefined && Check(SettingsSchema.properties[name], value) ? value : defaults[name]];
  });
  return Object.fromEntries(entries) as DesktopSettings;
}

export interface SettingsOptions {
  /** Folder of the file. */
  readonly folder: string;
  readonly version: string;
  readonly defaults: DesktopSettings;
}

/** The person's settings and what the app remembers: one file, apart from the engine's state. */
export class SettingsFile {
  readonly #log: Log;
  readonly #options: SettingsOptions;
  /** Undefined while the file cannot be opened. */
  #store: Store<Kept> | undefined;
  #settings: DesktopSettings;
  #memory: Memory;

  /**
   * A file that is no JSON is put aside, and said. Where none can be written (a full disk, a folder that is read only) the app starts all
   * the same, with what could be read or else the defaults.
   */
  constructor({ log }: { log: Log }, options: SettingsOptions) {
    this.#log = log;
    this.#options = options;
    this.#store = openOrMend(log, options);
    const kept = this.#store?.store ?? readKept(fileIn(options)) ?? {};
    this.#settings = mended(kept.settings, options.defaults);
    this.#memory = rememberedOf(kept.memory);
  }

  get settings(): DesktopSettings {
    return this.#settings;
  }

  get memory(): Memory {
    return this.#memory;
  }

  /** Throws POTLUCK_FILE_UNWRITABLE; nothing is changed then. */
  change(changes: Partial<DesktopSettings>): void {
    const settings = { ...this.#settings, ...changes };
    this.#write({ settings, memory: this.#memory });
    this.#settings = settings;
  }

  /** Never throws: nobody asked for it, and what cannot be written now holds until the app ends, and is written with the next change. */
  remember(changes: Partial<Memory>): void {
    this.#memory = { ...this.#memory, ...changes };
    try {
      this.#write({ settings: this.#settings, memory: this.#memory });
    } catch (err) {
      this.#log.warn({ err }, 'what the app remembers cannot be written');
    }
  }

  #write(kept: Kept): void {
    try {
      this.#store ??= open(this.#options);
      this.#store.set(kept);
    } catch (error) {
      throw new PotluckError('POTLUCK_FILE_UNWRITABLE', fileIn(this.#options), { cause: error });
    }
  }
}

function fileIn({ folder }: SettingsOptions): string {
  return join(folder, 'settings.json');
}

/** A value that this version does not allow costs its default alone; only what is no JSON at all is put aside. */
function openOrMend(log: Log, options: SettingsOptions): Store<Kept> | undefined {
  const file = fileIn(options);
  try {
    return open(options);
  } catch (err) {
    log.warn({ err, file }, 'the settings do not fit and are mended');
  }
  try {
    mendFile(file, options.defaults);
    return open(options);
  } catch (err) {
    log.error({ err, file }, 'the settings cannot be written now');
    return undefined;
  }
}

/** Throws where the file cannot be written. It is never lost by that: only what nobody can read goes out of the way. */
function mendFile(file: string, defaults: DesktopSettings): void {
  const kept = readKept(file);
  if (kept === undefined) {
    renameSync(file, `${file}.broken`);
    return;
  }
  const whole: Kept = { settings: mended(kept.settings, defaults), memory: rememberedOf(kept.memory) };
  writeFileSync(`${file}.new`, JSON.stringify(whole)); // on a full disk the old one must stay as it is
  renameSync(`${file}.new`, file);
}

/** Undefined where there is no file, or none that can be read. */
function readKept(file: string): Partial<Record<keyof Kept, unknown>> | undefined {
  try {
    return Object(JSON.parse(readFileSync(file, 'utf8'))) as Partial<Record<keyof Kept, unknown>>;
  } catch {
    return undefined;
  }
}

function open({ folder, version, defaults }: SettingsOptions): Store<Kept> {
  return new Store<Kept>({
    name: 'settings',
    cwd: folder,
    projectVersion: version,
    schema: SCHEMA as never, // TypeBox writes JSON Schema, typed more closely than the store wants it
    accessPropertiesByDotNotation: false,
    // One step, run once by every new version: what it adds begins with its default, what it no longer knows goes.
    migrations: {
      [version]: (store) => {
        store.set('settings', mended(store.get('settings'), defaults));
        store.set('memory', rememberedOf(store.get('memory')));
      },
    },
  });
}
