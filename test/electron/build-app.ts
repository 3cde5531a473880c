import { buildApp } from '../support/build-app.ts';
import { electronStart } from './places.ts';

/** vitest's globalSetup: what Electron is to run, made from the present source. A packed app brings its own. */
export default async function setup(): Promise<void> {
  const start = electronStart();
  if (typeof start !== 'string' && !start.packed) await buildApp();
}
