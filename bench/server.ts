import type { ServerName } from './options.ts';

/** A server under measurement. */
export interface Server {
  readonly name: ServerName;
  /** URL to ask for a path of the origin. */
  url(path: string): Promise<string>;
  close(): Promise<void>;
}
