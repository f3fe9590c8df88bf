import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts'],
          globalSetup: ['scripts/generate.ts'],
          // Components are compiled and processes started on small machines, several tests at once.
          testTimeout: 30_000,
        },
      },
      {
        // The built command from outside: child processes, real components, real clients.
        test: {
          name: 'outside',
          include: ['test/**/*.test.ts'],
          globalSetup: ['scripts/generate.ts', 'test/fixtures/build-guests.ts'],
          // The work is in the processes that they start and wait for.
          maxWorkers: 2,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
