import type { ManagerHealth } from './probe.ts';

/** One way to a manager. */
export interface FoundAddress {
  /** Base URL without a trailing slash. */
  readonly url: string;
  readonly address: string;
  readonly port: number;
  readonly tls: boolean;
  /** Name of our interface on whose network the address lies. */
  readonly interface: string;
}

/** A manager that answered a probe. */
export interface FoundManager extends ManagerHealth {
  /** The address to use first. */
  readonly url: string;
  /** Every address that answered, the best first. */
  readonly addresses: readonly FoundAddress[];
}
