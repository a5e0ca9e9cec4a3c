// Sessions on later versions of PostgreSQL, a standby among them: the tests of test/e2e/sessions, with the server of a root folder.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { describeEnds } from '../../e2e/sessions/describe-ends.ts';
import { describeServers } from '../../e2e/sessions/describe-servers.ts';
import { findPostgres } from '../../support/find-postgres.ts';
import { serverRoot, useServerRoot } from '../../support/server-root.ts';
import { makeRoot } from '../machine/root-folder.ts';

/** The roots are those of provision.test.ts. */
const SERVERS = [
  { suite: 'trixie', postgresql: '17' },
  { suite: 'forky', postgresql: '18' },
] as const;

describe.each(SERVERS)('PostgreSQL $postgresql', ({ suite, postgresql }) => {
  const stack = new AsyncDisposableStack();
  beforeAll(async () => {
    const root = stack.use(await makeRoot(suite, ['ca-certificates', `postgresql-${postgresql}`]));
    stack.use(await useServerRoot(root.path));
  });
  afterAll(async () => {
    await stack.disposeAsync();
  });

  it('is that version', () => {
    expect(findPostgres(serverRoot())).toBe(`/usr/lib/postgresql/${postgresql}/bin`);
  });
  describeEnds();
  describeServers();
});
