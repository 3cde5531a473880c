import { defineConfig } from 'vitest/config';

/** Started by test/electron/run.ts alone, where Electron can be run. */
export default defineConfig({
  test: {
    globalSetup: ['test/support/build-program.ts', 'test/electron/build-app.ts'],
    include: ['test/electron/scenarios.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 1,
    fileParallelism: false,
  },
});
