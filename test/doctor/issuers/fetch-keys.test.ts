// The time of an issuer, by what it answers.
import type { IncomingHttpHeaders } from 'node:http';

import { describe, expect, it } from 'vitest';

import { createFetchKeys } from '../../../src/doctor/issuers/fetch-keys.ts';
import { entry, loadIssuers } from '../load-issuers.ts';

describe('the time of an issuer', () => {
  it('is that of its own answer, and a cache in between adds its age', async () => {
    const { issuers } = await loadIssuers([
      entry({ keys: { jwksURI: 'https://127.0.0.1:9/keys' } }),
    ]);
    const [issuer] = issuers;
    const source = issuer?.keySource;
    if (issuer === undefined || source?.kind !== 'remote') throw new Error('no remote keys');
    const now = Date.UTC(2026, 0, 1, 12) / 1000;
    const told: readonly (readonly [path: string, headers: IncomingHttpHeaders])[] = [
      ['other', { date: 'Thu, 01 Jan 2026 18:00:00 GMT' }],
      ['keys', { date: 'Thu, 01 Jan 2026 11:59:00 GMT', age: '30' }],
      ['keys', {}],
      ['keys', { date: 'yesterday' }],
      ['keys', { date: 'Thu, 01 Jan 2026 18:00:00 GMT', age: 'old' }],
    ];
    const retrieve = createFetchKeys(
      () => now,
      async (_location, { onAnswer }) => {
        for (const [path, headers] of told) onAnswer?.(`https://127.0.0.1:9/${path}`, headers);
        return { kind: 'failed', reason: 'on purpose' };
      },
    );
    expect(await retrieve(issuer, source)).toMatchObject({
      result: { kind: 'failed' },
      clockOffset: -29.5,
    });
  });
});
