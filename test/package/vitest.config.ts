// npm run test:package: the package as an administrator gets it, in clean Debian systems. They take minutes, a network and
// user root, and so are apart from npm test.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/package/installed/**/*.test.ts'],
    globalSetup: ['test/package/machine/packages.ts'],
    // Whole systems are installed; the limits are there for a hang, not for timing.
    testTimeout: 900_000,
    hookTimeout: 900_000,
    // Three at a time also on two processors: much of it waits for the archive, for disks, and for tokens to expire.
    maxWorkers: 3,
  },
});
