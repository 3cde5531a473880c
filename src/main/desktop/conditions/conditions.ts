import type { Log } from '../../../engine/base/log.ts';
import type { Condition, ConditionState } from '../../../engine/protocol/desktop.ts';
import type { ElectronPieces, Platform } from '../pieces.ts';
import type { Probe } from '../probe.ts';
import { askMetered } from './metered.ts';
import { CONDITIONS } from './policy.ts';
import { askVpn } from './vpn.ts';

/** Programs are asked at most this often, milliseconds. */
const INTERVAL = 60_000;
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

/** What is known of the circumstances: asked of the system on change, and once a minute. */
export class Conditions {
  readonly #with: ConditionsCollaborators;
  readonly #platform: Platform;
  #states: Readonly<Record<Condition, ConditionState>> = {
    battery: 'unknown',
    metered: 'unknown',
    vpn: 'unknown',
    busy: 'unknown',
  };
  #timer: NodeJS.Timeout | undefined;
  #asking: Promise<void> | undefined;
  #askedAt = Number.NEGATIVE_INFINITY;
  #askedFor: string | undefined;
  readonly #look = () => this.#ask();
  readonly #locked = () => this.#set({ busy: 'no' });
  readonly #unlocked = () => this.#set({ busy: 'yes' });

  constructor(collaborators: ConditionsCollaborators, options: { platform: Platform }) {
    this.#with = collaborators;
    this.#platform = options.platform;
  }

  get states(): Readonly<Record<Condition, ConditionState>> {
    return this.#states;
  }

  /** Resolves when everything has been asked once. */
  async start(): Promise<void> {
    const { powerMonitor } = this.#with;
    powerMonitor.on('on-ac', this.#look);
    powerMonitor.on('on-battery', this.#look);
    powerMonitor.on('resume', this.#look);
    powerMonitor.on('lock-screen', this.#locked);
    powerMonitor.on('unlock-screen', this.#unlocked);
    this.#timer = setInterval(this.#look, INTERVAL).unref();
    this.#ask();
    await this.#asking;
  }

  /** Another manager, or none: the way to it is looked at anew. */
  managerChanged(): void {
    if (this.#with.manager() === this.#askedFor) return;
    this.#askedAt = Number.NEGATIVE_INFINITY;
    this.#ask();
  }

  close(): void {
    const { powerMonitor } = this.#with;
    clearInterval(this.#timer);
    for (const event of ['on-ac', 'on-battery', 'resume'] as const) powerMonitor.off(event as 'resume', this.#look);
    powerMonitor.off('lock-screen', this.#locked);
    powerMonitor.off('unlock-screen', this.#unlocked);
  }

  /** What Electron knows is looked at each time; programs of the system are not started more than once a minute. */
  #ask(): void {
    const { powerMonitor } = this.#with;
    const idle = powerMonitor.getSystemIdleState(IDLE);
    this.#set({
      battery: powerMonitor.isOnBatteryPower() ? 'yes' : 'no',
      busy: idle === 'unknown' ? 'unknown' : idle === 'active' ? 'yes' : 'no',
    });
    if (this.#asking !== undefined || performance.now() - this.#askedAt < INTERVAL - 1000) return;
    this.#askedAt = performance.now();
    this.#asking = this.#askSystem()
      .catch((err) => this.#with.log.warn({ err }, 'the conditions of the network cannot be asked'))
      .finally(() => {
        this.#asking = undefined;
        if (this.#with.manager() !== this.#askedFor) this.managerChanged();
      });
  }

  async #askSystem(): Promise<void> {
    const { probe, manager } = this.#with;
    const url = manager();
    this.#askedFor = url;
    const [metered, vpn] = await Promise.all([
      askMetered(this.#platform, probe),
      url === undefined ? ('unknown' as const) : askVpn(url, this.#platform, probe),
    ]);
    this.#set({ metered, vpn });
  }

  #set(news: Partial<Record<Condition, ConditionState>>): void {
    const before = this.#states;
    this.#states = { ...before, ...news };
    const changed = CONDITIONS.filter((one) => before[one] !== this.#states[one]);
    if (changed.length > 0) this.#with.changed(changed);
  }
}
