import type { ServerName } from './options.ts';

/** A server under measurement. */
export interface Server {
  readonly name: ServerName;
  /** Its only process. */
  readonly pid: number;
  /** URL to ask for a path of the origin. */
  url(path: string): Promise<string>;
  close(): Promise<void>;
}
