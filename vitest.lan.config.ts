import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // Whole programs on a shared machine now and then miss a moment; each retry is shown in the report and wants a look.
    retry: process.env['CI'] === 'true' ? 2 : 0,
    globalSetup: ['test/support/build-program.ts'],
    include: ['test/lan/**/*.test.ts'],
    testTimeout: 600_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 1,
    fileParallelism: false,
    passWithNoTests: true,
  },
});
