import { resolve } from 'node:path';
import { defineConfig } from 'vite';

const ROOT = import.meta.dirname;

/** The window's page. The app's build takes it from here, and so do its tests. */
export default defineConfig({
  root: resolve(ROOT, 'src/renderer'),
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: resolve(ROOT, 'dist/app/renderer'),
    emptyOutDir: true,
    target: 'chrome140',
    license: { fileName: 'licenses.md' },
    minify: true, // electron-vite would not
    // Pictures stay files, because the page's policy allows no other source than its own.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: { index: resolve(ROOT, 'src/renderer/index.html') } },
  },
});
