import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../../engine/base/log.ts';
import type { Condition, ConditionState } from '../../../engine/protocol/desktop.ts';
import type { ElectronPieces, Platform } from '../pieces.ts';
import type { Probe } from '../probe.ts';
import { askMetered } from './metered.ts';
import { networkNow } from './network.ts';
import { CONDITIONS } from './policy.ts';
import { askPowerSupplies } from './power-supplies.ts';
import { Question } from './question.ts';
import { askVpn } from './vpn.ts';

/** Battery, keyboard and addresses are looked at this often, milliseconds: it starts no program, and wakes the machine three times a minute. */
const LOOK = 20_000;
/** Programs are asked on change, and else at most this often, milliseconds. */
const INTERVAL = 60_000;
/** PowerShell takes a second of the processor to start: where nothing has changed it is asked less often, milliseconds. */
const POWERSHELL_INTERVAL = 5 * 60_000;
/** Timers may come this much early. */
const EARLY = 1000;
/** Who has touched neither keyboard nor mouse for this long is away, seconds. */
const IDLE = 120;

export interface ConditionsCollaborators {
  readonly powerMonitor: ElectronPieces['powerMonitor'];
  readonly probe: Probe;
  readonly log: Log;
  /** Base URL of the manager that is joined; undefined: none, and nothing to ask about the way to it. */
  readonly manager: () => string | undefined;
  /** Something is another than before. */
  readonly changed: (changed: readonly Condition[]) => void;
}

export interface ConditionsOptions {
  readonly platform: Platform;
  /** Folder in which Linux lists what feeds the machine; undefined: what Electron says is taken for true. */
  readonly powerSupplies?: string | undefined;
  /** What changes with the network; networkNow where not given. */
  readonly network?: () => string;
}

/** What is known of the circumstances: looked at every now and then, asked of programs on change and once a minute. */
export class Conditions {
  readonly #with: ConditionsCollaborators;
  readonly #network: () => string;
  readonly #meteredInterval: number;
  /** Electron says `no` on every Linux machine, because Chromium does not look there: the kernel is asked. */
  readonly #battery: Question | undefined;
  readonly #metered: Question;
  readonly #vpn: Question;
  readonly #life = new AbortController();
  #states: Readonly<Record<Condition, ConditionState>> = {
    battery: 'unknown',
    metered: 'unknown',
    vpn: 'unknown',
    busy: 'unknown',
  };
  #timer: NodeJS.Timeout | undefined;
  #idleIsTold: boolean;
  readonly #look = () => this.look();
  readonly #locked = () => this.#set({ busy: 'no' });
  readonly #unlocked = () => this.#set({ busy: 'yes' });

  constructor(collaborators: ConditionsCollaborators, options: ConditionsOptions) {
    const { platform, powerSupplies, network = networkNow } = options;
    this.#with = collaborators;
    this.#network = network;
    this.#meteredInterval = platform === 'win32' ? POWERSHELL_INTERVAL : INTERVAL;
    this.#idleIsTold = platform !== 'linux';
    const { probe, manager } = collaborators;
    const asked: Probe = (program, args) => probe(program, args, { signal: this.#life.signal });
    if (platform === 'linux' && powerSupplies !== undefined)
      this.#battery = new Question(
        () => askPowerSupplies(powerSupplies),
        (battery) => this.#set({ battery }),
      );
    this.#metered = new Question(
      () => this.#safely(askMetered(platform, asked)),
      (metered) => this.#set({ metered }),
    );
    this.#vpn = new Question(
      () => this.#safely(askVpn(manager() ?? '', platform, asked)),
      (vpn) => this.#set({ vpn }),
    );
  }

  get states(): Readonly<Record<Condition, ConditionState>> {
    return this.#states;
  }

  start(): void {
    const { powerMonitor } = this.#with;
    powerMonitor.on('on-ac', this.#look);
    powerMonitor.on('on-battery', this.#look);
    powerMonitor.on('lock-screen', this.#locked);
    powerMonitor.on('unlock-screen', this.#unlocked);
    this.#timer = setInterval(this.#look, LOOK).unref();
    this.look();
  }

  /** Looks now whether anything has changed; programs are asked if so, or if their last answer is a minute old. Costs next to nothing. */
  look(): void {
    if (this.#life.signal.aborted) return;
    const network = this.#network();
    const manager = this.#with.manager();
    this.#set({ busy: this.#busy() });
    if (this.#battery === undefined) this.#set({ battery: this.#with.powerMonitor.isOnBatteryPower() ? 'yes' : 'no' });
    else this.#battery.put('', 0);
    this.#metered.put(network, this.#meteredInterval - EARLY);
    if (manager !== undefined) this.#vpn.put(`${manager} ${network}`, INTERVAL - EARLY);
    else {
      this.#vpn.drop();
      this.#set({ vpn: 'unknown' });
    }
  }

  /** What was answered counts no more: the machine slept. */
  forget(): void {
    for (const question of [this.#battery, this.#metered, this.#vpn]) question?.drop();
  }

  /**
   * Looks, and resolves when everything is known of the present manager and network, or cannot be for so many milliseconds: what is not
   * known then holds nothing back. Never rejects.
   */
  async known(patience: number, signal: AbortSignal = this.#life.signal): Promise<void> {
    this.look();
    const over = new AbortController();
    const given = AbortSignal.any([signal, this.#life.signal, over.signal]);
    const enough = sleep(patience, undefined, { ref: false, signal: given }).catch(() => undefined); // nobody waits any longer
    const answers = [this.#battery, this.#metered, this.#vpn].map((question) => question?.known);
    await Promise.race([Promise.all(answers), enough]);
    over.abort();
  }

  /** Ends whatever is being asked. Idempotent. */
  close(): void {
    const { powerMonitor } = this.#with;
    this.#life.abort(new DOMException('the app ends', 'AbortError'));
    clearInterval(this.#timer);
    powerMonitor.off('on-ac', this.#look);
    powerMonitor.off('on-battery', this.#look);
    powerMonitor.off('lock-screen', this.#locked);
    powerMonitor.off('unlock-screen', this.#unlocked);
  }

  /** Some Wayland desktops tell no program of the keyboard: the person has just touched it, Electron says, all day and all night. */
  #busy(): ConditionState {
    const { powerMonitor } = this.#with;
    const state = powerMonitor.getSystemIdleState(IDLE);
    this.#idleIsTold ||= state !== 'active' || powerMonitor.getSystemIdleTime() > 0;
    if (state === 'unknown' || !this.#idleIsTold) return 'unknown';
    return state === 'active' ? 'yes' : 'no';
  }

  async #safely(answer: Promise<ConditionState>): Promise<ConditionState> {
    try {
      return await answer;
    } catch (err) {
      this.#with.log.warn({ err }, 'the conditions of the network cannot be asked');
      return 'unknown';
    }
  }

  #set(news: Partial<Record<Condition, ConditionState>>): void {
    const before = this.#states;
    this.#states = { ...before, ...news };
    const changed = CONDITIONS.filter((one) => before[one] !== this.#states[one]);
    if (changed.length > 0) this.#with.changed(changed);
  }
}
