import type { Delays } from './delay.ts';

/** What the parent asks of the app under measurement; each is answered with one message. */
export type AppCommand = 'close the window' | 'begin' | 'end';

/** The app's first message: it shares. */
export interface AppReady {
  readonly port: number;
}

/** What was measured between `begin` and `end`. */
export interface AppFigures {
  readonly seconds: number;
  /**
   * How late the event loop came to a timer, milliseconds. `own`: the part of `p99` that its own thread computed, the rest being the time that
   * other threads and programs had its processor.
   */
  readonly delay: Delays & { readonly own: number };
  /** Processors used, all threads: 1 is one whole core. */
  readonly cpu: number;
  /** How often a thread of it went to sleep, which is how often one was woken. */
  readonly wakes: number;
  /** Resident memory at the end, bytes. */
  readonly resident: number;
  /** Messages that the window's page was sent, and the bytes of them as JSON. */
  readonly messages: number;
  readonly messageBytes: number;
  /** Timers and immediates that ran, by kind and place; empty where they are not counted. */
  readonly timers: Readonly<Record<string, number>>;
  /** Body bytes served since the app started. */
  readonly served: number;
}
