// What a refused login must look like from both sides: the client learns nothing, PostgreSQL's log everything.
import { expect } from 'vitest';

import type { Login, PostgresCluster } from '../support/postgres-cluster.ts';

/** The start of the line in PostgreSQL's log that has the reason. */
const REASON = 'LOG:  error from underlying PAM layer: pgtoken: ';

/** Logs in with psql, expects a refusal, and returns its reason: `denied CODE message` or `unavailable CODE message`. */
export async function expectRefusal(cluster: PostgresCluster, login: Login): Promise<string> {
  const mark = await cluster.log.mark();
  const answer = await cluster.psql(login);
  const logged = await cluster.log.since(mark);

  expect.soft(answer).toMatchObject({ status: 2, stdout: '' });
  expect
    .soft(answer.stderr)
    .toMatch(/^psql: error: connection to server .* failed: FATAL: {2}PAM authentication failed/);
  expect.soft(answer.stderr).not.toMatch(/ERR_|denied|unavailable/);

  const reasons = logged.split('\n').filter((line) => line.includes(REASON));
  const [reason, ...more] = reasons;
  if (reason === undefined || more.length > 0) {
    throw new Error(`expected one reason in PostgreSQL's log, seen:\n${logged}`);
  }
  return reason.slice(reason.indexOf(REASON) + REASON.length);
}
