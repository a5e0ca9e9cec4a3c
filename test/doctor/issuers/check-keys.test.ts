// The keys on disk: there, young enough, and retrieved at the last attempt.
import { expect, it } from 'vitest';

import { checkKeys } from '../../../src/doctor/issuers/check-keys.ts';
import type { Finding } from '../../../src/doctor/finding.ts';
import type { KeyRecord } from '../../../src/keys/key-record.ts';
import { fakeHost } from '../fake-host.ts';
import { entry, loadIssuers } from '../load-issuers.ts';

const NOW = 1_800_000_000;

async function check(record: Partial<KeyRecord> | undefined): Promise<readonly Finding[]> {
  const { issuers } = await loadIssuers([
    entry({ cache: { maxStale: '2h', maxStaleUnauthorized: '1h' } }),
  ]);
  const keySet = { keys: [{ kty: 'EC', crv: 'P-256', kid: 'one' }] };
  const read = (_name: string, source: string): KeyRecord | undefined =>
    record === undefined
      ? undefined
      : { source, fetchedAt: NOW - 90, attemptedAt: NOW - 90, keySet, ...record };
  return checkKeys(issuers, { read }, '/cache', fakeHost({ clock: () => NOW }));
}

it.each<readonly [what: string, record: Partial<KeyRecord> | undefined, finding: Partial<Finding>]>(
  [
    ['young', {}, { level: 'ok', message: '1 key, retrieved 90 s ago' }],
    [
      'of before, and the last attempt failed',
      { lastError: 'https://x/: connection refused\u{1b}[31m' },
      {
        level: 'warning',
        fault: 'keys-outdated',
        message:
          '1 key, retrieved 90 s ago; the last attempt failed: https://x/: connection refused?[31m',
        hint: 'They serve until 2 h after they were retrieved (cache.maxStale).',
      },
    ],
    [
      'too old',
      { fetchedAt: NOW - 7201, lastError: 'no answer in time' },
      {
        level: 'failure',
        fault: 'keys-stale',
        message:
          '1 key, retrieved 2 h ago; expected at most 2 h (cache.maxStale); the last attempt failed: no answer in time',
        hint: 'Logins are refused until the daemon retrieves them again: see what keeps it from that.',
      },
    ],
    [
      'too old for keys that their issuer refuses to give again',
      { fetchedAt: NOW - 3601, lastError: 'answered 401', unauthorized: true },
      {
        level: 'failure',
        fault: 'keys-stale',
        message:
          '1 key, retrieved 60 min ago; expected at most 60 min (cache.maxStaleUnauthorized); the last attempt failed: answered 401',
      },
    ],
    [
      'none at all, after a failure',
      { fetchedAt: 0, keySet: { keys: [] }, lastError: 'no answer in time' },
      {
        level: 'warning',
        fault: 'keys-none',
        message: 'none in /cache that may be used; the last attempt failed: no answer in time',
      },
    ],
    ['none at all', undefined, { fault: 'keys-none', message: 'none in /cache that may be used' }],
  ],
)('says that keys on disk are %s', async (_, record, finding) => {
  expect(await check(record)).toMatchObject([{ topic: 'keys', subject: 'homelab', ...finding }]);
});
