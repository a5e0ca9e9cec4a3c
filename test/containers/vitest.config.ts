// npm run test:containers: the recipes of packaging/container in containers. They take minutes, a network, user root and a
// container engine, and so are apart from npm test.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/containers/running/**/*.test.ts'],
    globalSetup: ['test/package/machine/packages.ts', 'test/containers/engine.ts'],
    // Whole systems are installed; the limits are there for a hang, not for timing.
    testTimeout: 300_000,
    hookTimeout: 900_000,
    maxWorkers: 2,
  },
});
