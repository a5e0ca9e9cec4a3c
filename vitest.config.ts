import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // They install whole systems: npm run test:package.
    exclude: ['test/package/installed/**'],
    // The end-to-end tests start real servers; the limit is there for a hang, not for timing.
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
