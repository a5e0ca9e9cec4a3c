// What issuers.yaml may say of the API server that reviews tokens, and the message of each refusal.
import { describe, expect, it } from 'vitest';

import { parseConfig } from '../../src/config/parse-config.ts';
import { MINIMAL, problemsOf } from './problems-of.ts';

const REVIEW = '{url: "https://10.0.0.10:6443", bearerTokenFile: reviewer.token, onError: deny}';
const SERVERS = 'servers: [{name: main, connection: ""}]\n';

/** MINIMAL with these keys of its entry. */
function entryWith(keys: Readonly<Record<string, string>>): string {
  const lines = Object.entries(keys).map(([key, value]) => `  ${key}: ${value}\n`);
  const base = 'issuer' in keys ? MINIMAL.replace(/ {2}issuer:\n(?: {4}.*\n)+/, '') : MINIMAL;
  return `${base}${lines.join('')}${'sessions' in keys ? SERVERS : ''}`;
}

function reviewOf(text: string): unknown {
  const parsed = parseConfig(text);
  return parsed.ok ? parsed.config.issuers[0]?.review : parsed.problems;
}

describe('review', () => {
  it('is off unless it is written', () => {
    expect(reviewOf(MINIMAL)).toBeUndefined();
  });

  it('has defaults for what need not be written', () => {
    expect(reviewOf(entryWith({ review: REVIEW }))).toEqual({
      url: 'https://10.0.0.10:6443',
      bearerTokenFile: 'reviewer.token',
      onError: 'deny',
      cacheFor: 10,
      timeout: 2,
      recheckEvery: 60,
    });
  });

  it('takes durations within their bounds, and a path in the address', () => {
    const text = entryWith({
      review:
        '{url: "https://rancher.example.com/k8s/clusters/c-1", bearerTokenFile: /run/t, onError: allow, cacheFor: 0s, timeout: 3s, recheckEvery: 5s}',
      sessions: '{end: [expired, revoked]}',
    });
    expect(reviewOf(text)).toEqual({
      url: 'https://rancher.example.com/k8s/clusters/c-1',
      bearerTokenFile: '/run/t',
      onError: 'allow',
      cacheFor: 0,
      timeout: 3,
      recheckEvery: 5,
    });
  });

  it('makes a certificate authority and a proxy of use beside pinned keys', () => {
    const text = entryWith({
      issuer: '{url: x, audiences: [postgres], certificateAuthorityFile: ca.pem}',
      keys: '{jwksFile: keys.json}',
      http: '{proxyURL: "http://proxy.example.com:3128"}',
      review: REVIEW,
    });
    expect(problemsOf(text)).toEqual([]);
  });
});

describe('one problem of review', () => {
  it.each<readonly [what: string, keys: Readonly<Record<string, string>>, problem: string]>([
    [
      'no address',
      { review: '{bearerTokenFile: t, onError: deny}' },
      'review.url: Required value: expected text',
    ],
    [
      'no token to ask with',
      { review: '{url: "https://k8s.example.com", onError: deny}' },
      'review.bearerTokenFile: Required value: expected text',
    ],
    [
      'nothing said of errors',
      { review: '{url: "https://k8s.example.com", bearerTokenFile: t}' },
      'review.onError: Required value: must be one of "deny", "allow"',
    ],
    [
      'another word for errors',
      { review: REVIEW.replace('deny', 'ignore') },
      'review.onError: Unsupported value: "ignore": must be one of "deny", "allow"',
    ],
    [
      'an address without TLS',
      { review: REVIEW.replace('https', 'http') },
      'review.url: Invalid value: "http://10.0.0.10:6443": must be an https:// URL without user, query or fragment',
    ],
    [
      'an address with a user',
      { review: REVIEW.replace('//', '//a:hunter2@') },
      'review.url: Invalid value: it has a user; must be an https:// URL without user, query or fragment',
    ],
    [
      'an address with a query',
      { review: REVIEW.replace(':6443', ':6443/?a=b') },
      'review.url: Invalid value: "https://10.0.0.10:6443/?a=b": must be an https:// URL without user, query or fragment',
    ],
    [
      'a key that there is not',
      { review: REVIEW.replace('onError', 'audiences: [a], onError') },
      'review.audiences: Unknown field, known here: bearerTokenFile, cacheFor, onError, recheckEvery, timeout, url',
    ],
    ...(
      [
        ['cacheFor: 301s', '0s to 5m'],
        ['timeout: 99ms', '100ms to 3s'],
        ['timeout: 4s', '100ms to 3s'],
        ['recheckEvery: 4s', '5s to 1d'],
      ] as const
    ).map(
      ([written, bounds]) =>
        [
          `${written}, out of bounds`,
          {
            review: REVIEW.replace('onError', `${written}, onError`),
            sessions: '{end: [revoked]}',
          },
          `review.${written.split(':', 1).join('')}: Invalid value: "${written.split(' ')[1]}": must be ${bounds}`,
        ] as const,
    ),
    [
      'a trust domain',
      {
        issuer: '{spiffeTrustDomain: example.org, audiences: [postgres]}',
        keys: '{jwksURI: "https://spire.example.org/keys"}',
        review: REVIEW,
      },
      'review: Invalid value: no API server knows the tokens of a trust domain; expected issuer.url beside it',
    ],
    [
      'revoked without it',
      { sessions: '{end: [expired, revoked]}' },
      'sessions.end[1]: Invalid value: "revoked": needs review, the API server that is asked',
    ],
    ...['{end: [expired]}', '{}', undefined].map(
      (sessions) =>
        [
          `recheckEvery with sessions ${sessions ?? 'not written'}`,
          {
            review: REVIEW.replace('onError', 'recheckEvery: 1m, onError'),
            ...(sessions === undefined ? {} : { sessions }),
          },
          'review.recheckEvery: Invalid value: not used, as sessions.end does not have revoked',
        ] as const,
    ),
    ...['timeout: 3s', 'maxResponseBytes: 1MiB'].map(
      (written) =>
        [
          `http with ${written} beside pinned keys`,
          { keys: '{jwksFile: keys.json}', http: `{${written}}`, review: REVIEW },
          `http.${written.split(':', 1).join('')}: Invalid value: not used, as the keys come from jwksFile`,
        ] as const,
    ),
  ])('%s', (_what, keys, problem) => {
    const problems = problemsOf(entryWith(keys));
    expect(problems.map((line) => line.replace(/^\S+ issuers\[0\]\./, ''))).toEqual([problem]);
  });
});
