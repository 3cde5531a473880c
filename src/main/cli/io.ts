import type { Readable, Writable } from 'node:stream';
import type { FaceOptions, RunningNode } from '../../engine/base/running.ts';
import type { ManagerSettings, PeerSettings, StoreSettings } from '../../engine/base/settings.ts';
import type { Environment } from '../../engine/base/settings-environment.ts';
import type { ControlClient, get, hashPassword } from '../../engine/index.ts';

/** What a user or the system can do to the running program. */
export interface Interruptions {
  /** SIGINT, SIGTERM; `cold` where the starter of this process is gone. */
  onStop(listener: (cold: boolean) => void): void;
  /** SIGHUP. */
  onReload(listener: () => void): void;
  /** An error that nobody caught. */
  onFatal(listener: (error: unknown) => void): void;
}

/** What surrounds the command line: handed in, so that a test needs no process of its own. */
export interface Io {
  readonly env: Environment;
  readonly cwd: string;
  readonly platform: NodeJS.Platform;
  /** Standard input; `isTTY` where somebody types. */
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  /** Standard output again, for bytes that must wait until their reader takes them. */
  readonly stdoutStream: Writable;
  /** True where standard error is a terminal: progress may be drawn there. */
  readonly terminal: boolean;
  readonly interruptions: Interruptions;
}

/** The part of the engine that the command line uses; loaded only once it is needed. */
export interface Engine {
  readonly startManager: (settings: ManagerSettings, options: FaceOptions) => Promise<RunningNode>;
  readonly startPeer: (settings: PeerSettings, options: FaceOptions) => Promise<RunningNode>;
  readonly startStore: (settings: StoreSettings, options: FaceOptions) => Promise<RunningNode>;
  readonly ControlClient: typeof ControlClient;
  readonly get: typeof get;
  readonly hashPassword: typeof hashPassword;
}

export type LoadEngine = () => Promise<Engine>;
