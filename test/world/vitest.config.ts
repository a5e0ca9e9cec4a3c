// The tests of one part of npm run test:world, once for each peer that world.ts has prepared. They take minutes and programs that
// are built first, and so are apart from npm test.
import { defineConfig } from 'vitest/config';

import { projectName } from './collect-result.ts';
import { readPeers } from './hand-over-peers.ts';

const { part, peers } = readPeers();

export default defineConfig({
  test: {
    // Whole systems are started; the limits are there for a hang, not for timing.
    testTimeout: 300_000,
    hookTimeout: 900_000,
    maxWorkers: 2,
    projects: peers.map((peer) => ({
      test: {
        name: projectName(peer),
        include: [`test/world/${part}/**/*.test.ts`],
        provide: { peer },
        testTimeout: 300_000,
        hookTimeout: 900_000,
      },
    })),
  },
});
