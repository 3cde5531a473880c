import { resolve } from 'node:path';
import { defineConfig } from 'electron-vite';
import renderer from './vite.renderer.config.ts';

const from = (path: string) => resolve(import.meta.dirname, path);

const RELEASE_KEY = process.env['POTLUCK_RELEASE_KEY'] ?? '';
if (RELEASE_KEY !== '' && Buffer.from(RELEASE_KEY, 'base64url').length !== 32)
  throw new Error(
    'POTLUCK_RELEASE_KEY is no public half of a release key, as "npm run sign:feed -- --new-key" prints it',
  );

/** The desktop app: three programs that share nothing but `src/engine/protocol/desktop.ts`. */
export default defineConfig({
  main: {
    // Without it the app cannot tell a genuine update and has updates off (docs/release.md).
    define: { POTLUCK_RELEASE_KEY: JSON.stringify(RELEASE_KEY) },
    build: {
      outDir: 'dist/app/main',
      minify: false,
      // What is bundled wants its licences to go along.
      license: { fileName: 'licenses.md' },
      // Everything but Electron goes into the bundle, so that no node_modules need to be packed.
      externalizeDeps: false,
      rolldownOptions: {
        input: { index: from('src/main/desktop/index.ts') },
        output: { format: 'es', entryFileNames: '[name].mjs' },
      },
    },
  },
  preload: {
    build: {
      outDir: 'dist/app/preload',
      minify: false,
      externalizeDeps: false,
      // A sandboxed preload is one CommonJS file.
      rolldownOptions: {
        input: { index: from('src/main/desktop/preload.ts') },
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
  renderer,
});
