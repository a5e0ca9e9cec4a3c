// Which entries may judge a token, and what is said of an issuer that comes near to one.
import { expect, it } from 'vitest';

import { findCandidates } from '../../src/authorize/find-candidates.ts';
import type { Issuer } from '../../src/authorize/policy.ts';
import { isRefusal } from '../../src/errors.ts';
import { loadPolicies } from './load-policies.ts';

const issuers: readonly Issuer[] = (await loadPolicies(['cluster'])).get('cluster')!.issuers;
const url = issuers[0]!.entry.issuer.url!;

it.each([`${url}/`, url.toUpperCase(), `${url.toUpperCase()}/`])('says that %s is near', (iss) => {
  const refusal = findCandidates({ iss }, issuers);
  expect(isRefusal(refusal) && refusal.message).toContain('only in case or a trailing slash');
});

it('looks no further at an issuer that is longer than any it could come near to', () => {
  // A million slashes and a letter: for a search from the end this would be a trillion steps, which no test survives.
  const refusal = findCandidates({ iss: `${url}${'/'.repeat(1_000_000)}x` }, issuers);
  expect(refusal).toMatchObject({ code: 'ERR_ISSUER_UNKNOWN' });
});
