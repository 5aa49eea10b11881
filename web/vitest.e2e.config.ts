import { defineConfig } from 'vitest/config';

/** Browser tests against the real binary; `e2e/server.ts` starts it once with a seeded temporary database. */
export default defineConfig({
  test: {
    include: ['e2e/**/*.e2e.ts'],
    globalSetup: ['./e2e/server.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    fileParallelism: false,
    retry: 0,
  },
});
