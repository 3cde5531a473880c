import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';
import { LongFirst } from './test/support/order.ts';

export default defineConfig({
  test: {
    // Whole programs on a shared machine now and then miss a moment; each retry is shown in the report and wants a look.
    retry: process.env['CI'] === 'true' ? 2 : 0,
    // The package would download its program; tests bring a double along. electron-store asks for it too.
    alias: { electron: resolve(import.meta.dirname, 'test/support/electron/module.ts') },
    server: { deps: { inline: ['electron-store'] } },
    globalSetup: ['test/support/build-program.ts', 'test/support/build-app.ts'],
    include: ['test/**/*.test.ts'],
    exclude: ['test/lan/**', 'test/soak/**', 'test/electron/scenarios.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    sequence: { sequencer: LongFirst },
    pool: 'forks',
    maxWorkers: 4,
    reporters: ['default'],
  },
});
