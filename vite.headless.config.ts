import { defineConfig } from 'vite';

// The headless faces and the client are one file without externals: it runs on plain Node, anywhere.
export default defineConfig({
  ssr: { noExternal: true, target: 'node' },
  build: {
    ssr: 'src/main/index.ts',
    outDir: 'dist',
    // The desktop app lies beside it, in dist/app.
    emptyOutDir: false,
    target: 'node22',
    minify: false,
    // What is bundled wants its licences to go along.
    license: { fileName: 'licenses.md' },
    rolldownOptions: {
      output: { format: 'es', entryFileNames: 'potluck.mjs', codeSplitting: false },
    },
  },
});
