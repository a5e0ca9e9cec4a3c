// Which tests are run against mutants, on their way from mutate.ts to vitest.config.ts, which Stryker loads by name: through the
// environment.

/** The variable that has the pattern of their files. */
export const TESTS = 'PGTOKEN_MUTATION_TESTS';

/** Those of what decides. */
export const DECIDING_TESTS =
  'test/{verify,roles,claim-rules,decide,policy,issuer-keys}/**/*.test.ts';
/** Those of what warns of it. */
export const LINT_TESTS = 'test/{lint,claim-rules}/**/*.test.ts';
