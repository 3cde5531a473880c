import type { Page } from 'playwright-core';

export interface LaunchOptions {
  /** Folder of the app's data. */
  readonly userData: string;
  /** Words of the command line. */
  readonly args?: readonly string[];
}

/** Starts the app as a person does, and waits until it is up. */
export type Launch = (options: LaunchOptions) => Promise<AppUnderTest>;

/** The menu of the tray icon. */
export interface TrayUnderTest {
  /** Everything that is written in it now, submenus behind their entry. */
  labels(): Promise<readonly string[]>;
  /** Clicks the entry with this label; throws where there is none. */
  click(label: string): Promise<void>;
}

/** What the operating system tells the app. */
export type PowerEvent = 'suspend' | 'resume' | 'shutdown';

/**
 * The running app, as far as a person and the operating system can touch it: the same scenarios then hold for the real main code in the double of
 * Electron and for real Electron. It looks into nothing of ours; what is to be seen is seen in the window, or at the manager.
 */
export interface AppUnderTest extends AsyncDisposable {
  /** Processes that must run for a download to flow, for measurements. */
  readonly pids: readonly number[];
  /** Undefined where nothing shows tray icons. */
  readonly tray: TrayUnderTest | undefined;
  /** What its pages complained of. */
  readonly problems: readonly string[];
  /** The page of the window that was opened last. */
  page(): Promise<Page>;
  /** As the cross in its corner. */
  closeWindow(): Promise<void>;
  /** Starts the program a second time; resolves when that one has ended. */
  startAgain(args?: readonly string[]): Promise<void>;
  /** The operating system says so; resolves when whoever listens has been told. */
  power(event: PowerEvent): Promise<void>;
  /** Asks it to quit, as the menu does. */
  quit(): Promise<void>;
  /** Resolves when it has ended. */
  readonly ended: Promise<void>;
  /** Ends it without waiting for anything. Idempotent. */
  [Symbol.asyncDispose](): Promise<void>;
}
