// The claims of a verified token, one demand after the other; edges and types are in the token vectors.
import { describe, expect, it } from 'vitest';

import { parseConfig } from '../../../src/config/parse-config.ts';
import type { IssuerConfiguration } from '../../../src/config/schema/schema.ts';
import { findRefusal } from '../../../src/verify/checks/check.ts';
import { compileClaimChecks } from '../../../src/verify/checks/compile-claim-checks.ts';
import { RULE_TOOLS } from '../../support/rule-tools.ts';
import { createMint, NOW } from '../../vectors/tokens/mint.ts';

const mint = await createMint();
const CLAIMS = mint.defaultClaims();

function entryWith(token: string): IssuerConfiguration {
  const parsed = parseConfig(`apiVersion: pgtoken/v1
issuers:
- name: cluster
  issuer: {url: https://k8s.example.com, audiences: [postgres]}
  token: {${token}}
  roles: [{claim: sub}]
`);
  const [entry] = parsed.ok ? parsed.config.issuers : [];
  if (entry === undefined) throw new Error('not a configuration');
  return entry;
}

const ENTRY = entryWith('');

function check(claims: Readonly<Record<string, unknown>>, type?: string, now = NOW, entry = ENTRY) {
  const checks = compileClaimChecks(entry, RULE_TOOLS.compilePattern, (path, message) => {
    throw new Error(`${path.join('.')}: ${message}`);
  });
  return findRefusal(checks, { type, claims: { ...CLAIMS, ...claims }, keyIDs: [], now });
}

describe('claims', () => {
  it('that meet every demand are refused by none', () => {
    expect(check({})).toBeUndefined();
    expect(check({}, 'JWT')).toBeUndefined();
  });

  it('are those of the entry, even when another entry was meant', () => {
    expect(check({ iss: 'https://other.example.com' })).toMatchObject({
      code: 'ERR_ISSUER_UNKNOWN',
      message: 'iss is "https://other.example.com"; expected "https://k8s.example.com"',
    });
    for (const iss of [
      'https://k8s.example.com/',
      'https://k8s.example.comx',
      'https://K8s.example.com',
    ]) {
      expect(check({ iss })).toMatchObject({
        code: 'ERR_ISSUER_UNKNOWN',
        message: `iss is "${iss}"; expected "https://k8s.example.com"`,
      });
    }
    expect(check({ iss: undefined })).toMatchObject({
      code: 'ERR_ISSUER_UNKNOWN',
      message: 'iss is undefined; expected "https://k8s.example.com"',
    });
  });

  // The first of these is what is told: it is the one to mend first.
  it.each([
    ['iss', 'ERR_ISSUER_UNKNOWN', /^iss is "x"/],
    ['aud', 'ERR_AUDIENCE_MISMATCH', /^aud is "x"/],
    ['sub', 'ERR_CLAIM_REJECTED', /^sub is 1/],
    ['exp', 'ERR_TOKEN_EXPIRED', /^the token expired 10 min ago/],
    ['nbf', 'ERR_TOKEN_NOT_YET_VALID', /^the token is not valid for another 10 min \(nbf/],
    ['iat', 'ERR_TOKEN_NOT_YET_VALID', /^the token is not valid for another 20 min \(iat/],
    ['cnf', 'ERR_CLAIM_REJECTED', /^the token is bound to a key \(cnf\)/],
  ])('are checked in order: %s', (name, code, message) => {
    const wrong = {
      iss: 'x',
      aud: 'x',
      sub: 1,
      exp: NOW - 600,
      nbf: NOW + 600,
      iat: NOW + 1200,
      cnf: {},
    };
    const names = Object.keys(wrong);
    const rest = Object.entries(wrong).slice(names.indexOf(name));
    const refusal = check(Object.fromEntries(rest));
    expect(refusal).toMatchObject({ granted: false, code });
    expect(refusal?.message).toMatch(message);
  });

  it('are looked at before the type, which matters only for a token that is good otherwise', () => {
    expect(check({ exp: NOW - 600 }, 'logout+jwt')).toMatchObject({
      code: 'ERR_TOKEN_EXPIRED',
      message:
        'the token expired 10 min ago (exp 2025-12-31T23:50:00Z, now 2026-01-01T00:00:00Z, clockSkew 30 s)',
    });
    expect(check({}, 'logout+jwt')).toMatchObject({
      code: 'ERR_TOKEN_TYPE',
      message: 'typ is "logout+jwt"; expected none, or one of JWT, JOSE, at+jwt',
      hint: 'Send an ID token, access token or service-account token, not one made for another purpose.',
    });
  });

  it('are compared with the skew of the entry', () => {
    const wide = entryWith('clockSkew: 10m');
    expect(check({ exp: NOW - 599 }, undefined, NOW, wide)).toBeUndefined();
    expect(check({ exp: NOW - 600 }, undefined, NOW, wide)).toMatchObject({
      code: 'ERR_TOKEN_EXPIRED',
      message:
        'the token expired 10 min ago (exp 2025-12-31T23:50:00Z, now 2026-01-01T00:00:00Z, clockSkew 10 min)',
    });
  });

  it('never lengthen the longest lifetime by the skew', () => {
    const wide = entryWith('clockSkew: 10m, maxLifetime: 1h');
    expect(check({ iat: NOW, exp: NOW + 3600 }, undefined, NOW, wide)).toBeUndefined();
    expect(check({ iat: NOW, exp: NOW + 3601 }, undefined, NOW, wide)).toMatchObject({
      code: 'ERR_TOKEN_LIFETIME',
      message:
        'the token is valid for 60 min (exp - iat); expected at most 60 min (token.maxLifetime)',
    });
  });

  it('with a clock that runs in fractions of a second are compared exactly', () => {
    expect(check({ exp: NOW }, undefined, NOW + 29.999)).toBeUndefined();
    expect(check({ exp: NOW }, undefined, NOW + 30)).toMatchObject({
      code: 'ERR_TOKEN_EXPIRED',
      message:
        'the token expired 30 s ago (exp 2026-01-01T00:00:00Z, now 2026-01-01T00:00:30Z, clockSkew 30 s)',
    });
    expect(check({ nbf: NOW + 30.5 }, undefined, NOW + 0.5)).toBeUndefined();
  });
});
