import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // As in vitest.config.ts.
    alias: { electron: resolve(import.meta.dirname, 'test/support/electron/module.ts') },
    server: { deps: { inline: ['electron-store'] } },
    globalSetup: ['test/support/build-program.ts'],
    include: ['test/soak/**/*.test.ts'],
    testTimeout: 600_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 1,
    fileParallelism: false,
    passWithNoTests: true,
  },
});
