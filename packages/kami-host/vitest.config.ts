import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    // Components are compiled and processes started on small machines, several tests at once.
    testTimeout: 30_000,
  },
});
