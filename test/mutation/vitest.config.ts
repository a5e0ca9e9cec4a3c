// The tests that Stryker runs against each mutant of what decides: those of the deciding folders, and the attacks.
import { defineConfig } from 'vitest/config';
import { DECIDING_TESTS, TESTS } from './chosen-tests.ts';

export default defineConfig({
  test: {
    include: [process.env[TESTS] ?? DECIDING_TESTS],
    // Random inputs: a mutant would be killed at one time and survive at another.
    exclude: ['test/decide/properties.test.ts'],
    // Modules are loaded once for a mutant, and not once for each file that tests it: that takes most of the time otherwise.
    isolate: false,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
