import { defineConfig } from 'vitest/config';

/** The tests of what belongs to no package: scripts, and the documents. */
export default defineConfig({
  test: {
    include: ['scripts/**/*.test.ts', 'test/**/*.test.ts'],
    // Documents are carried out: components are built and run.
    testTimeout: 120_000,
  },
});
