// Which entries may judge a token, and what is said of an issuer that comes near to one.
import { describe, expect, it } from 'vitest';

import { findCandidates } from '../../src/decide/find-candidates.ts';
import type { Issuer } from '../../src/policy/policy.ts';
import { isRefusal } from '../../src/errors.ts';
import { loadPolicies } from '../policy/load-policies.ts';

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

describe('an entry for a trust domain', () => {
  const [cluster] = issuers;
  const domain = (spiffeTrustDomain: string): Issuer => ({
    ...cluster!,
    entry: {
      ...cluster!.entry,
      issuer: { ...cluster!.entry.issuer, url: undefined, spiffeTrustDomain },
    },
  });
  const [own, other] = [domain('example.org'), domain('example.net')];

  it('judges the tokens of its domain, whoever issued them, and no others', () => {
    const all = [cluster!, own, other];
    const sub = 'spiffe://example.org/db';
    expect(findCandidates({ sub }, all)).toEqual([own]);
    expect(findCandidates({ sub, iss: url }, all)).toEqual([cluster, own]);
    expect(findCandidates({ sub: 'alice', iss: url }, all)).toEqual([cluster]);
  });

  it.each<readonly [claims: object, expected: object]>([
    [
      {},
      {
        message:
          'sub is missing; expected a SPIFFE ID of trust domain "example.org", "example.net"',
        hint: 'Add its issuer to issuers.yaml if its tokens are to be accepted.',
      },
    ],
    [
      { sub: 'alice', iss: url },
      {
        message:
          'sub is "alice"; expected a SPIFFE ID of trust domain "example.org", "example.net"',
      },
    ],
    [
      { sub: 'spiffe://example.com/db' },
      {
        message:
          'trust domain "example.com" is not configured; expected "example.org", "example.net"',
        hint: 'Add it to issuers.yaml if its tokens are to be accepted.',
      },
    ],
  ])('says of %j which domains there are', (claims, expected) => {
    expect(findCandidates({ ...claims }, [own, other, own])).toMatchObject({
      code: 'ERR_ISSUER_UNKNOWN',
      ...expected,
    });
  });

  it('is not named to who is of no domain, where there are issuers by URL as well', () => {
    expect(
      findCandidates({ sub: 'alice', iss: 'https://x.example' }, [cluster!, own]),
    ).toMatchObject({
      code: 'ERR_ISSUER_UNKNOWN',
      message: `issuer "https://x.example" is not configured; expected "${url}"`,
      hint: 'Add it to issuers.yaml if its tokens are to be accepted.',
    });
    expect(
      findCandidates({ sub: 'spiffe://x/y', iss: 'https://x.example' }, [cluster!]),
    ).toMatchObject({
      message: `issuer "https://x.example" is not configured; expected "${url}"`,
    });
  });
});

it('says so where no entry is configured, and of what is no issuer', () => {
  expect(findCandidates({ iss: 'x' }, [])).toMatchObject({
    code: 'ERR_ISSUER_UNKNOWN',
    message: 'issuer "x" is not configured; issuers.yaml names no issuer',
  });
  expect(findCandidates({ sub: 'x' }, issuers)).toMatchObject({
    code: 'ERR_CLAIM_MISSING',
    message: 'the token has no iss; expected iss, aud, sub and exp',
  });
  for (const iss of ['', null, 1, [url]]) {
    expect(findCandidates({ iss }, issuers)).toMatchObject({
      code: 'ERR_CLAIM_REJECTED',
      message: `iss is ${JSON.stringify(iss)}; expected text that is not empty`,
    });
  }
});

it('says that an issuer is near which lacks the slash of the entry', () => {
  const slashed = issuers.map((issuer) => ({
    ...issuer,
    entry: { ...issuer.entry, issuer: { ...issuer.entry.issuer, url: `${url}/` } },
  }));
  expect(findCandidates({ iss: url }, slashed)).toMatchObject({
    message: `issuer "${url}" is not configured; it differs from "${url}/" of entry cluster only in case or a trailing slash`,
  });
});

it('takes one slash and case for near, and nothing else', () => {
  for (const iss of [`${url}//`, `${url}x`, url.slice(0, -1), `/${url}`]) {
    expect(findCandidates({ iss }, issuers)).toMatchObject({
      message: `issuer "${iss}" is not configured; expected "${url}"`,
    });
  }
  expect(findCandidates({ iss: `${url}/` }, issuers)).toMatchObject({
    code: 'ERR_ISSUER_UNKNOWN',
    message: `issuer "${url}/" is not configured; it differs from "${url}" of entry cluster only in case or a trailing slash`,
    hint: 'Write issuer.url exactly as the iss of the tokens.',
  });
});

describe('an issuer that is near', () => {
  /** The entry of the policy with another URL. */
  const named = (other: string): readonly Issuer[] =>
    issuers.map((issuer) => ({
      ...issuer,
      entry: { ...issuer.entry, issuer: { ...issuer.entry.issuer, url: other } },
    }));
  const realm = 'https://sso.example.com/realms/people';

  it.each<readonly [iss: string, configured: string, difference: string, hint: string]>([
    ...['/.well-known/openid-configuration', '/.well-known/jwks.json'].flatMap((ending) =>
      [realm, `${realm}/`].map(
        (iss) =>
          [
            iss,
            `${realm}${ending}`,
            `issuer.url of entry cluster is that with "${ending}" behind it`,
            `Take "${ending}" off issuer.url: it is where the keys are found, and not part of the iss.`,
          ] as const,
      ),
    ),
    ...(
      [
        ['http://fs.example.com/trust', 'https://fs.example.com/trust'],
        ['https://fs.example.com/trust', 'http://fs.example.com/trust/'],
        ['accounts.google.com', 'https://accounts.google.com'],
      ] as const
    ).map(
      ([iss, configured]) =>
        [
          iss,
          configured,
          `it differs from "${configured}" of entry cluster only in http:// or https://`,
          'Write issuer.url exactly as the iss of the tokens.',
        ] as const,
    ),
    ...(
      [
        ['{tenantid}', '/v2.0'],
        ['<tenant>', ''],
      ] as const
    ).map(
      ([placeholder, tail]) =>
        [
          `https://login.example.com/1111-2222${tail}`,
          `https://login.example.com/${placeholder}${tail}`,
          `it differs from "https://login.example.com/${placeholder}${tail}" of entry cluster only in what stands for "${placeholder}"`,
          `Write your own value in place of "${placeholder}" in issuer.url.`,
        ] as const,
    ),
  ])('is told with what to change: %s for %s', (iss, configured, difference, hint) => {
    expect(findCandidates({ iss }, named(configured))).toMatchObject({
      code: 'ERR_ISSUER_UNKNOWN',
      message: `issuer "${iss}" is not configured; ${difference}`,
      hint,
    });
  });

  it.each([
    ['https://sso.example.com/realms', `${realm}/.well-known/openid-configuration`],
    ['ftp://fs.example.com/trust', 'https://fs.example.com/trust'],
    ['https://login.example.com/a/b/v2.0', 'https://login.example.com/{tenantid}/v2.0'],
    ['https://login.example.com//v2.0', 'https://login.example.com/{tenantid}/v2.0'],
    ['https://login.example.net/a/v2.0', 'https://login.example.com/{tenantid}/v2.0'],
    ['https://login.example.com/a/v1', 'https://login.example.com/{tenantid}/v2.0'],
    ['https://a/x/x', 'https://a/{tenant}/{tenant}'],
    // Capitals make SS of the ß: it is another letter all the same.
    ['https://a/straße', 'https://a/strasse'],
  ])('is not told of what is another: %s for %s', (iss, configured) => {
    expect(findCandidates({ iss }, named(configured))).toMatchObject({
      hint: 'Add it to issuers.yaml if its tokens are to be accepted.',
    });
  });
});
