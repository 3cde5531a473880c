import { join } from 'node:path';
import Type, { type Static } from 'typebox';
import { Check } from 'typebox/value';
import { readIfThere, writeAtomic } from '../base/atomic-file.ts';
import { type Clock, systemClock } from '../base/clock.ts';
import { PotluckError } from '../base/errors.ts';
import { KeyChangedError } from '../base/key-changed.ts';

const Pin = Type.Object({
  /** Base URL of the manager's data port. */
  url: Type.String(),
  /** Fingerprint of its key. */
  key: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  name: Type.String(),
  /** ISO 8601. */
  since: Type.String(),
});
const PinList = Type.Object({ managers: Type.Array(Pin) });

/** A manager that was joined: whoever answers at its URL later must have its key. */
export type Pin = Static<typeof Pin>;

/** Managers that are remembered. */
const MAX_PINS = 100;

/** The keys of the managers that this peer has joined, the latest last. */
export class PinFile {
  readonly #path: string;
  readonly #clock: Clock;
  #pins: readonly Pin[];

  private constructor(path: string, clock: Clock, pins: readonly Pin[]) {
    this.#path = path;
    this.#clock = clock;
    this.#pins = pins;
  }

  /** Throws POTLUCK_FILE_UNREADABLE: a damaged file is not taken for an empty one, or any manager would do. */
  static async open(path: string, collaborators: { clock: Clock }): Promise<PinFile> {
    const text = await readIfThere(path);
    return new PinFile(path, collaborators.clock, text === undefined ? [] : parse(path, text));
  }

  /** The manager that was joined last. */
  get latest(): Pin | undefined {
    return this.#pins.at(-1);
  }

  /**
   * Throws POTLUCK_KEY_CHANGED where the manager at `url` has another key than it must have: `expected`, where the caller knows that
   * (a join link, or a manager that was found by its key), else the one that was pinned for this URL, if any.
   */
  check(url: string, key: string, expected: string | undefined): void {
    const pin = this.#pins.find((one) => one.url === url);
    const name = pin?.name ?? null;
    if (expected !== undefined) {
      if (expected !== key) throw new KeyChangedError({ url, name, pinned: expected, since: null, now: key });
      return;
    }
    if (pin === undefined || pin.key === key) return;
    throw new KeyChangedError(
      { url, name, pinned: pin.key, since: pin.since, now: key },
      `; if the manager was set up anew on purpose, take its entry out of ${this.#path}`,
    );
  }

  /** The managers that are known, the one that was joined last at the end. */
  get all(): readonly Pin[] {
    return this.#pins;
  }

  /**
   * Takes a key for a URL in place of the one that was pinned, on the word of a person who has compared fingerprints. Rejects with
   * POTLUCK_STATE_UNWRITABLE.
   */
  async trust(manager: { url: string; fingerprint: string }): Promise<void> {
    const { url, fingerprint: key } = manager;
    const name = this.#pins.find((one) => one.url === url)?.name ?? '';
    await this.#write({ url, key, name, since: new Date(this.#clock.now()).toISOString() });
  }

  /** Remembers a manager whose handshake was verified. Rejects with POTLUCK_STATE_UNWRITABLE. */
  async pin(manager: { url: string; key: string; name: string }): Promise<void> {
    const { url, key, name } = manager;
    const known = this.#pins.find((one) => one.url === url && one.key === key);
    if (known !== undefined && known === this.latest) return;
    const pin = known ?? { url, key, name, since: new Date(this.#clock.now()).toISOString() };
    await this.#write(pin);
  }

  async #write(pin: Pin): Promise<void> {
    const pins = [...this.#pins.filter((one) => one.url !== pin.url), pin].slice(-MAX_PINS);
    await writeAtomic(this.#path, `${JSON.stringify({ managers: pins }, undefined, 2)}\n`, { mode: 0o600 });
    this.#pins = pins;
  }
}

/** The pins of the peer whose state is in this folder. Rejects with POTLUCK_FILE_UNREADABLE. */
export function openPins(stateFolder: string, clock: Clock = systemClock): Promise<PinFile> {
  return PinFile.open(join(stateFolder, 'managers.json'), { clock });
}

/** The managers that the peer with this state folder has joined, the latest last. Rejects with POTLUCK_FILE_UNREADABLE. */
export async function knownManagers(stateFolder: string): Promise<readonly Pin[]> {
  return (await openPins(stateFolder)).all;
}

/**
 * Trusts another key at a URL from now on, as POTLUCK_KEY_CHANGED asks a person to decide. No peer may run on the folder meanwhile: it would
 * go on with what it has read. Rejects with POTLUCK_STATE_UNWRITABLE or POTLUCK_FILE_UNREADABLE.
 */
export async function trustManager(stateFolder: string, manager: { url: string; fingerprint: string }): Promise<void> {
  await (await openPins(stateFolder)).trust(manager);
}

function parse(path: string, text: string): readonly Pin[] {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch (error) {
    throw new PotluckError('POTLUCK_FILE_UNREADABLE', `${path} is not JSON`, { cause: error });
  }
  if (!Check(PinList, list)) throw new PotluckError('POTLUCK_FILE_UNREADABLE', `${path} is no list of managers`);
  return list.managers;
}
