import type { Clock } from '../../engine/base/clock.ts';
import type { Log } from '../../engine/base/log.ts';
import type { DiscoveryOptions, startPeer } from '../../engine/index.ts';
import type { DesktopSettings } from '../../engine/protocol/desktop.ts';
import type { Platform } from './pieces.ts';
import type { Probe } from './probe.ts';
import type { Last } from './quit.ts';
import type { Updates } from './updates.ts';

/** What the app finds around it, handed in so that a test can hand in something else. */
export interface Surroundings {
  /** Words of the command line behind the program's name. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: Platform;
  /** The executable that runs, and what starts it again. */
  readonly program: string;
  readonly relaunch: { readonly execPath?: string; readonly args: string[] };
  /** The person's home folder. */
  readonly home: string;
  /** A build for people. */
  readonly release: boolean;
  readonly version: string;
  /** File of the preload script; folders of the page and of the pictures. */
  readonly preload: string;
  readonly page: string;
  readonly images: string;
  readonly process: Pick<NodeJS.EventEmitter, 'on' | 'off'>;
  readonly probe: Probe;
  /** Folder in which Linux lists what feeds the machine; not given: what Electron says of the battery is taken for true. */
  readonly powerSupplies?: string;
  readonly clock: Clock;
  readonly startPeer: typeof startPeer;
  readonly multicast?: DiscoveryOptions['multicast'];
  /** Milliseconds after which a warm quit turns cold. */
  readonly quitDeadline?: number;
  readonly makeUpdates: (parts: UpdateParts) => Promise<Updates>;
}

/** What updates are made of. */
export interface UpdateParts {
  readonly log: Log;
  readonly probe: Probe;
  /** Folder for what is downloaded. */
  readonly folder: string;
  readonly version: string;
  /** What the person chose. */
  readonly choice: () => DesktopSettings['updates'];
  /** Whether there is a window now. */
  readonly windowOpen: () => boolean;
  /** Leaves as the person wants it, and calls `last` just before the process ends. */
  readonly quit: (last: Last) => void;
}
