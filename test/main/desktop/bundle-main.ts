/**
 * Runs the built main process with the double in Electron's place, in a process of its own: what the bundler made of it is what is
 * packed. Prints how the app stands, and ends.
 */
import { registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { ElectronDouble } from '../../support/electron/double.ts';

const [bundle = ''] = process.argv.splice(2, 1);
const double = new URL('../../support/electron/module.ts', import.meta.url).href;
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'electron' ? { url: double, shortCircuit: true } : next(specifier, context),
});

const { default: pieces } = (await import(double)) as { default: ElectronDouble };
await import(pathToFileURL(bundle).href);
pieces.app.once('quit', () =>
  process.stdout.write(`${JSON.stringify({ ended: pieces.app.ended, errors: pieces.dialog.errors })}\n`),
);
setTimeout(() => pieces.app.quit(), 1000);
