// What a new configuration takes away of the old one, by name.
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';

import { findRemovedRules } from '../../../src/daemon/reload/find-removed-rules.ts';
import { parseConfig } from '../../../src/config/parse-config.ts';
import type { Configuration } from '../../../src/config/schema/schema.ts';

type Members = Readonly<Record<string, unknown>>;

function read(entries: readonly Members[], top: Members = {}): Configuration {
  const parsed = parseConfig(stringify({ apiVersion: 'pgtoken/v1', ...top, issuers: entries }));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.config;
}
const entry = (more: Members = {}, name = 'prod'): Members => ({
  name,
  issuer: { url: 'https://issuer.example.com', audiences: ['postgres'] },
  roles: [{ claim: 'sub' }],
  ...more,
});
const REVIEW: Members = {
  url: 'https://k8s.example.com',
  bearerTokenFile: 'reviewer.token',
  onError: 'deny',
};
const compare = (before: Members, after: Members): string[] =>
  findRemovedRules(read([entry(before)], SERVERS), read([entry(after)], SERVERS));
const SERVERS: Members = { servers: [{ name: 'main', connection: '' }] };

describe('is named', () => {
  it.each<[what: string, before: Members, after: Members, removed: readonly string[]]>([
    [
      'a denied subject',
      { deny: { subjects: ['alice', 'bob'] } },
      { deny: { subjects: ['bob'] } },
      ['deny.subjects "alice"'],
    ],
    [
      'all of deny',
      { deny: { tokenIDs: ['1'], keyIDs: ['k'] } },
      {},
      ['deny.tokenIDs "1"', 'deny.keyIDs "k"'],
    ],
    ['a review', { review: REVIEW }, {}, ['review']],
    [
      'a review that is asked for less, and that lets in what it cannot be asked of',
      { review: REVIEW, sessions: { end: ['revoked'] } },
      {
        review: { ...REVIEW, cacheFor: '1m', recheckEvery: '5m', onError: 'allow' },
        sessions: { end: ['revoked'] },
      },
      [
        'review.cacheFor is 60 s, was 10 s',
        'review.recheckEvery is 5 min, was 60 s',
        'review.onError is allow, was deny',
      ],
    ],
    [
      'a login that goes on where its role cannot be provisioned',
      { provision: { create: true, onError: 'deny' } },
      { provision: { create: true, onError: 'allow' } },
      ['provision.onError is allow, was deny'],
    ],
    ['a moment', { deny: { issuedBefore: '2026-01-01T00:00:00Z' } }, {}, ['deny.issuedBefore']],
    [
      'a validation rule, also one that is written differently now',
      { claimValidationRules: [{ claim: 'azp', requiredValue: 'app' }] },
      { claimValidationRules: [{ claim: 'azp', requiredValues: ['app', 'x'] }] },
      ['claimValidationRules {"claim":"azp","requiredValue":"app"}'],
    ],
    [
      'a service and a source',
      { pam: { services: ['one', 'two'], sources: ['10.0.0.0/8'] } },
      { pam: { services: ['two'] } },
      ['pam.services "one"', 'pam.sources "10.0.0.0/8"'],
    ],
    [
      'what a token must have',
      {
        token: { requiredClaims: ['azp'], requiredScopes: ['db'], boundTo: ['pod'], maxAge: '1h' },
      },
      {},
      [
        'token.requiredClaims "azp"',
        'token.requiredScopes "db"',
        'token.boundTo "pod"',
        'token.maxAge',
      ],
    ],
    [
      'what more tokens are accepted by',
      {
        token: { algorithms: ['RS256'], types: ['JWT'], maxLifetime: '10m', maxAge: '5m' },
        cache: { maxStale: '1h', maxStaleUnauthorized: '30m' },
      },
      { token: { algorithms: ['RS256', 'ES256'], maxAge: '10m' }, cache: { maxStale: '2h' } },
      [
        'token.maxAge is 10 min, was 5 min',
        'token.maxLifetime is 24 h, was 10 min',
        'token.algorithms accepts "ES256" now',
        'token.types accepts "absent" now',
        'token.types accepts "JOSE" now',
        'token.types accepts "at+jwt" now',
        'cache.maxStale is 2 h, was 60 min',
        'cache.maxStaleUnauthorized',
      ],
    ],
    [
      'what ends sessions',
      { sessions: { end: ['expired', 'denied'], grace: '1m', maxLifetime: '1h' } },
      { sessions: { end: ['expired'], grace: '2h', atLeast: '1h', maxLifetime: '2h' } },
      [
        'sessions.end "denied"',
        'sessions.grace is 2 h, was 60 s',
        'sessions.atLeast is 60 min, was 5 min',
        'sessions.maxLifetime is 2 h, was 60 min',
      ],
    ],
    [
      'the longest session',
      { sessions: { maxLifetime: '1h' } },
      { sessions: {} },
      ['sessions.maxLifetime'],
    ],
    [
      'what a role rule wants of its claim',
      {
        roles: [
          { claim: 'sub', trimPrefix: 'system:serviceaccount:' },
          { claim: 'groups', pattern: 'db-(.*)', role: String.raw`\1` },
        ],
      },
      { roles: [{ claim: 'sub' }, { claim: 'groups', trimPrefix: 'db-' }] },
      ['roles on sub: trimPrefix "system:serviceaccount:"'],
    ],
  ])('%s', (_what, before, after, removed) => {
    expect(compare(before, after)).toEqual(removed.map((rule) => `entry prod: ${rule}`));
    expect(compare(before, before)).toEqual([]);
    // What is added is no loss.
    expect(compare(after, after)).toEqual([]);
  });

  it('a protected role', () => {
    const before = read([entry()], { protectedRoles: ['postgres', 'admin'] });
    expect(findRemovedRules(before, read([entry()]))).toEqual(['protectedRoles "admin"']);
  });

  it('an entry', () => {
    const other = {
      ...entry({}, 'other'),
      issuer: { url: 'https://other.example.com', audiences: ['x'] },
    };
    expect(findRemovedRules(read([entry(), other]), read([entry()]))).toEqual(['entry other']);
    expect(findRemovedRules(read([entry()]), read([entry(), other]))).toEqual([]);
  });

  it('what an entry has lost that has another name now', () => {
    const before = read([entry({ deny: { subjects: ['alice'] } })]);
    expect(findRemovedRules(before, read([entry({}, 'renamed')]))).toEqual([
      'entry prod: deny.subjects "alice"',
    ]);
  });
});

it('is nothing when rules and entries are only in another order', () => {
  const rules = [
    { claim: 'a', requiredValue: 1 },
    { claim: 'b', forbidden: true },
  ];
  expect(
    compare({ claimValidationRules: rules }, { claimValidationRules: rules.toReversed() }),
  ).toEqual([]);
});
