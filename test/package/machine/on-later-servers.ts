// Tests of test/e2e once more, with later versions of PostgreSQL: their servers are those of root folders.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { findPostgres } from '../../support/find-postgres.ts';
import { serverRoot, useServerRoot } from '../../support/server-root.ts';
import { makeRoot } from './root-folder.ts';

/** 18 is in the release after Debian 13. */
export const LATER_SERVERS = [
  { suite: 'trixie', postgresql: '17' },
  { suite: 'forky', postgresql: '18' },
] as const;

/** What their root folders have. Those of test/containers have the same. */
export const packagesOf = (postgresql: string): readonly string[] => [
  'ca-certificates',
  `postgresql-${postgresql}`,
];

/** @param declareTests is called for each version; its servers are started from `beforeAll` on. */
export function onLaterServers(declareTests: () => void): void {
  describe.each(LATER_SERVERS)('PostgreSQL $postgresql', ({ suite, postgresql }) => {
    const stack = new AsyncDisposableStack();
    beforeAll(async () => {
      const root = stack.use(await makeRoot(suite, packagesOf(postgresql)));
      stack.use(await useServerRoot(root.path));
    });
    afterAll(async () => {
      await stack.disposeAsync();
    });

    it('is that version', () => {
      expect(findPostgres(serverRoot())).toBe(`/usr/lib/postgresql/${postgresql}/bin`);
    });
    declareTests();
  });
}
