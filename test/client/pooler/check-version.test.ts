// Which PgBouncer is new enough.
import { expect, it } from 'vitest';

import { judgeVersion } from '../../../src/client/pooler/check-version.ts';

it.each([
  ['PgBouncer 1.25.2\nlibevent 2.1.12-stable\n', 2047],
  ['PgBouncer 1.25.10\n', 2047],
  ['PgBouncer 1.26.0\n', undefined],
  ['PgBouncer 1.26.1\n', undefined],
  ['PgBouncer 2.0.0\n', undefined],
])('%j is', (printed, longestToken) => {
  expect(judgeVersion(printed)).toMatchObject({ ok: true, longestToken });
});

it.each(['1.25.1', '1.25.0', '1.24.9', '1.18.0', '0.99.99'])('%s is not', (version) => {
  const judged = judgeVersion(`PgBouncer ${version}\n`);
  expect(judged).toMatchObject({
    ok: false,
    reason: `it is version ${version}; expected 1.25.2 or newer`,
  });
  expect(JSON.stringify(judged)).toContain('CVE-2026-6664');
});

it.each(['', 'PgBouncer', 'PgBouncer 1.26', 'pgbouncer 1.26.1', 'x PgBouncer 1.26.1'])(
  '%j is no PgBouncer',
  (printed) => {
    expect(judgeVersion(printed)).toMatchObject({
      ok: false,
      reason: `it says that it is ${JSON.stringify(printed)}; expected "PgBouncer" and a version`,
    });
  },
);
