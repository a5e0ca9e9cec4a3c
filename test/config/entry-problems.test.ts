// What the parts of an entry may not say: who it is of, where its keys come from, and what it demands of a token.
import { describe, expect, it } from 'vitest';

import { problemsOf } from './problems-of.ts';

/** An entry with these lines instead of, or besides, those of the common case. */
function entryWith(lines: Readonly<Record<string, string>>, top = ''): string {
  const entry = {
    name: 'homelab',
    issuer: '{url: "https://k8s.example.com", audiences: [postgres]}',
    roles: '[{claim: sub}]',
    ...lines,
  };
  const written = Object.entries(entry).map(([key, value]) => `  ${key}: ${value}`);
  return `apiVersion: pgtoken/v1\n${top}issuers:\n- ${written.join('\n').slice(2)}\n`;
}

/** The only problem of an entry, without the name of the file and its place. */
function problemOf(lines: Readonly<Record<string, string>>): string {
  const [problem = '', ...more] = problemsOf(entryWith(lines));
  expect(more).toEqual([]);
  return problem.replace(/^issuers\.yaml:\d+:\d+: issuers\[0\]\./, '');
}

const SPIFFE = '{spiffeTrustDomain: example.org, audiences: [postgres]}';
const BUNDLE = '{spiffeBundleURL: "https://spire.example.org"}';

describe('accepted is', () => {
  it.each<readonly [what: string, lines: Readonly<Record<string, string>>]>([
    ['a trust domain with its bundle', { issuer: SPIFFE, keys: BUNDLE }],
    ['a trust domain with pinned keys', { issuer: SPIFFE, keys: '{publicKeysFile: keys.pem}' }],
    [
      'a trust domain with all algorithms, which are its own',
      {
        issuer: SPIFFE,
        keys: BUNDLE,
        token: '{algorithms: [ES256, PS512], types: [absent, jwt, JOSE]}',
      },
    ],
    [
      'a token to ask for keys with',
      { keys: '{jwksURI: "https://k8s.example.com/keys", bearerTokenFile: token}' },
    ],
    ['a proxy by its address', { http: '{proxyURL: "http://10.0.0.1:3128"}' }],
    ['a proxy by its name', { http: '{proxyURL: "http://proxy.example.com/"}' }],
    ['limits of pinned keys', { keys: '{jwksFile: keys.json}', token: '{maxAge: 1h}' }],
    ['empty lists of what is denied', { deny: '{subjects: [], tokenIDs: [], keyIDs: []}' }],
    ['a moment with an offset', { deny: '{issuedBefore: 2024-02-29T23:59:59.5-08:00}' }],
    ['sources of every kind', { pam: '{sources: [local, 10.0.0.7, "::1", 0.0.0.0/0, "::/0"]}' }],
    ['a full media type', { token: '{types: [application/jwt, x/y+z]}' }],
    ['the value zero', { claimValidationRules: '[{claim: n, requiredValue: 0}]' }],
    ['the value false', { claimValidationRules: '[{claim: n, requiredValue: false}]' }],
  ])('%s', (_what, lines) => {
    expect(problemsOf(entryWith(lines))).toEqual([]);
  });
});

const rule = (members: string) => ({ claimValidationRules: `[{claim: hd, ${members}}]` });

describe('a key that has no name', () => {
  it('cannot be denied by one, as whoever has it writes what name he likes', () => {
    const lines = { keys: '{publicKeysFile: keys.pem}', deny: '{keyIDs: [leaked]}' };
    expect(problemOf(lines)).toBe(
      'deny.keyIDs: Invalid value: keys of publicKeysFile have no kid, and whoever has one of them can sign under any',
    );
    expect(problemsOf(entryWith({ ...lines, deny: '{keyIDs: []}' }))).toEqual([]);
  });
});

describe('a replacement', () => {
  it('is never passed over because of its name', () => {
    expect(problemOf({ roles: '[{claim: sub, replace: {__proto__: x}}]' })).toBe(
      'roles[0].replace: Invalid key: __proto__ cannot be replaced',
    );
    for (const name of ['constructor', 'toString', 'prototype']) {
      expect(problemsOf(entryWith({ roles: `[{claim: sub, replace: {${name}: x}}]` }))).toEqual([]);
    }
  });
});

describe('a PAM service', () => {
  it.each(['PostgreSQL', 'a b', '/etc/pam.d/postgresql', 'pam.d/x', '"x\\t"', '"x\\uFFFD"'])(
    'that can never be the name of one is a problem: %s',
    (name) => {
      expect(problemOf({ pam: `{services: [${name}]}` })).toMatch(
        /^pam\.services\[0\]: Invalid value: ".*": must be the name of a file in \/etc\/pam\.d, in lower case, as PAM folds the names of services$/,
      );
    },
  );
});

describe('a problem is', () => {
  const PINNED = { keys: '{jwksFile: keys.json}' };
  const DOMAIN =
    'must be a SPIFFE trust domain: lower-case letters, digits, ".", "-" and "_", at most 255, without spiffe://';
  const PROXY =
    'must be an http:// URL of a host and a port, without user, path, query or fragment';
  const SOURCE =
    'must be "local", an IP address, or a network such as 10.0.0.0/8 or fd00::/8, without a zone';

  it.each<readonly [what: string, lines: Readonly<Record<string, string>>, problem: string]>([
    // Who it is of.
    [
      'an issuer and a trust domain',
      {
        issuer: '{url: "https://a.example", spiffeTrustDomain: example.org, audiences: [a]}',
        keys: BUNDLE,
      },
      'issuer.spiffeTrustDomain: Invalid value: only one of url and spiffeTrustDomain may be written',
    ],
    ...['spiffe://example.org', 'Example.org', 'example.org/', 'example.org:8080', 'münchen'].map(
      (domain) =>
        [
          `the trust domain ${domain}`,
          { issuer: `{spiffeTrustDomain: "${domain}", audiences: [a]}`, keys: BUNDLE },
          `issuer.spiffeTrustDomain: Invalid value: "${domain.replace('ü', String.raw`\u00fc`)}": ${DOMAIN}`,
        ] as const,
    ),
    [
      'a trust domain without keys',
      { issuer: SPIFFE },
      'keys: Required value: a trust domain has no discovery document; expected spiffeBundleURL or another key source',
    ],
    [
      'a trust domain with a discovery document',
      {
        issuer:
          '{spiffeTrustDomain: example.org, discoveryURL: "https://a.example", audiences: [a]}',
        keys: BUNDLE,
      },
      'issuer.discoveryURL: Invalid value: not used, as the keys come from spiffeBundleURL',
    ],
    [
      'a trust domain with EdDSA',
      { issuer: SPIFFE, keys: BUNDLE, token: '{algorithms: [ES256, EdDSA]}' },
      'token.algorithms[1]: Invalid value: "EdDSA": no token of a trust domain (JWT-SVID) may have it',
    ],
    [
      'a trust domain with Ed25519',
      { issuer: SPIFFE, keys: BUNDLE, token: '{algorithms: [Ed25519, ES256]}' },
      'token.algorithms[0]: Invalid value: "Ed25519": no token of a trust domain (JWT-SVID) may have it',
    ],
    [
      'a trust domain with ML-DSA',
      { issuer: SPIFFE, keys: BUNDLE, token: '{algorithms: [ML-DSA-65]}' },
      'token.algorithms[0]: Invalid value: "ML-DSA-65": no token of a trust domain (JWT-SVID) may have it',
    ],
    [
      'a trust domain with access tokens',
      { issuer: SPIFFE, keys: BUNDLE, token: '{types: [JWT, at+jwt]}' },
      'token.types[1]: Invalid value: "at+jwt": no token of a trust domain (JWT-SVID) may have it',
    ],

    // Where its keys come from.
    [
      'a bundle without a trust domain',
      { keys: BUNDLE },
      'keys.spiffeBundleURL: Invalid value: a bundle is that of a trust domain; expected issuer.spiffeTrustDomain',
    ],
    [
      'a bundle file without a trust domain',
      { keys: '{spiffeBundleFile: bundle.json}' },
      'keys.spiffeBundleFile: Invalid value: a bundle is that of a trust domain; expected issuer.spiffeTrustDomain',
    ],
    [
      'a bundle over http',
      { issuer: SPIFFE, keys: '{spiffeBundleURL: "http://spire.example.org"}' },
      'keys.spiffeBundleURL: Invalid value: "http://spire.example.org": must be an https:// URL without user, query or fragment',
    ],
    [
      'two key sources of new kinds',
      { issuer: SPIFFE, keys: '{spiffeBundleFile: a, publicKeysFile: b}' },
      'keys.spiffeBundleFile: Invalid value: only one key source may be written, and publicKeysFile is one',
    ],
    [
      'a bearer token for a file',
      { keys: '{jwksFile: keys.json, bearerTokenFile: token}' },
      'keys.bearerTokenFile: Invalid value: not used, as it is sent to jwksURI or spiffeBundleURL, and neither is written',
    ],
    ...['http', 'cache'].map(
      (key) =>
        [
          `${key} for pinned keys`,
          { ...PINNED, [key]: '{}' },
          `${key}: Invalid value: not used, as the keys come from jwksFile`,
        ] as const,
    ),
    [
      'http for a pinned bundle',
      { issuer: SPIFFE, keys: '{spiffeBundleFile: b}', http: '{timeout: 3s}' },
      'http: Invalid value: not used, as the keys come from spiffeBundleFile',
    ],
    [
      'cache for pinned public keys',
      { keys: '{publicKeysFile: b}', cache: '{maxStale: 24h}' },
      'cache: Invalid value: not used, as the keys come from publicKeysFile',
    ],
    ...[
      'proxy.example.com:3128',
      'socks5://proxy.example.com',
      'https://proxy.example.com',
      'http://proxy.example.com/path',
      'http://proxy.example.com?a',
      'http://',
    ].map(
      (url) =>
        [
          `the proxy ${url}`,
          { http: `{proxyURL: "${url}"}` },
          `http.proxyURL: Invalid value: "${url}": ${PROXY}`,
        ] as const,
    ),
    [
      'the password of a proxy',
      { http: '{proxyURL: "http://user:secret@proxy.example.com"}' },
      `http.proxyURL: Invalid value: it has a user; ${PROXY}`,
    ],
    [
      'an answer of 1 KB',
      { http: '{maxResponseBytes: 1000}' },
      'http.maxResponseBytes: Invalid value: 1000: must be 1024 to 16777216 bytes',
    ],

    // What it demands of a token.
    ...['logout+jwt', 'dpop+jwt', 'application/DPoP+JWT'].map(
      (type) =>
        [
          `tokens of type ${type}`,
          { token: `{types: [JWT, "${type}"]}` },
          `token.types[1]: Invalid value: "${type}": can never be accepted, such tokens are made for another purpose`,
        ] as const,
    ),
    [
      'a type twice, in another form',
      { token: '{types: [JWT, application/jwt]}' },
      'token.types[1]: Duplicate value: "application/jwt"',
    ],
    ['no type at all', { token: '{types: []}' }, 'token.types: Required value: must not be empty'],
    [
      'a type with a space',
      { token: '{types: ["J WT"]}' },
      'token.types[0]: Invalid value: "J WT": must be a type such as JWT or at+jwt',
    ],
    [
      'a flag that is text',
      { token: '{allowSenderConstrained: "yes"}' },
      'token.allowSenderConstrained: Invalid type: expected true or false, got text "yes"',
    ],
    [
      'no age at all',
      { token: '{maxAge: 0s}' },
      'token.maxAge: Invalid value: "0s": must be 1s to 3650d',
    ],
    [
      'a required claim twice',
      { token: '{requiredClaims: [jti, jti]}' },
      'token.requiredClaims[1]: Duplicate value: "jti"',
    ],
    [
      'a broken JSON Pointer as required claim',
      { token: '{requiredClaims: [/a~2b]}' },
      'token.requiredClaims[0]: Invalid value: "/a~2b": must be a JSON Pointer (RFC 6901): "~" is written "~0" and "/" inside a name "~1"',
    ],
    [
      'a required scope twice',
      { token: '{requiredScopes: [db, db]}' },
      'token.requiredScopes[1]: Duplicate value: "db"',
    ],
    [
      'two required scopes in one text',
      { token: '{requiredScopes: ["db openid"]}' },
      'token.requiredScopes[0]: Invalid value: "db openid": must be one scope, of printable ASCII without space, quote or backslash',
    ],
    [
      'no list of required scopes',
      { token: '{requiredScopes: db}' },
      'token.requiredScopes: Invalid type: expected a list of scopes, such as [db.login], got text "db"',
    ],
    [
      'a broken JSON Pointer as identity',
      { oauth: '{identity: /a~2b}' },
      'oauth.identity: Invalid value: "/a~2b": must be a JSON Pointer (RFC 6901): "~" is written "~0" and "/" inside a name "~1"',
    ],
    ['no identity', { oauth: '{}' }, 'oauth.identity: Required value: expected text'],
    [
      'a bound object that there is not',
      { token: '{boundTo: [pods]}' },
      'token.boundTo[0]: Unsupported value: "pods": must be one of "pod", "node", "secret", did you mean "pod"?',
    ],

    // Rules on claims.
    [
      'a rule without a demand',
      { claimValidationRules: '[{claim: hd}]' },
      'claimValidationRules[0]: Required value: exactly one of requiredValue, requiredValues, pattern, forbidden',
    ],
    [
      'a rule with two demands',
      rule('pattern: x, requiredValue: x'),
      'claimValidationRules[0].pattern: Invalid value: only one demand may be written, and requiredValue is one',
    ],
    [
      'forbidden: false, which would mean nothing',
      rule('forbidden: false'),
      'claimValidationRules[0].forbidden: Unsupported value: false: must be true',
    ],
    [
      'no value to require',
      rule('requiredValues: []'),
      'claimValidationRules[0].requiredValues: Required value: must not be empty',
    ],
    [
      'a value twice',
      rule('requiredValues: [1, "1", 1]'),
      'claimValidationRules[0].requiredValues[2]: Duplicate value: 1',
    ],
    [
      'a list as value',
      rule('requiredValue: [a]'),
      'claimValidationRules[0].requiredValue: Invalid type: expected text, a whole number, true or false, got a list',
    ],
    [
      'a fraction as value',
      rule('requiredValue: 1.5'),
      'claimValidationRules[0].requiredValue: Invalid type: expected text, a whole number, true or false, got number 1.5',
    ],
    [
      'a number beyond what JSON can hold exactly',
      rule('requiredValue: 9007199254740993'),
      'claimValidationRules[0].requiredValue: Invalid value: 9007199254740992: must be a whole number that JSON holds exactly',
    ],

    // Roles.
    [
      'a role to shorten that is written out',
      { roles: '[{claim: a, equals: b, role: c, shorten: true}]' },
      'roles[0].shorten: Invalid value: nothing comes from the claim when equals is written',
    ],
    [
      'an exception with a star',
      { allowProtectedRoles: '["pg_*"]' },
      'allowProtectedRoles[0]: Invalid value: "pg_*": must be a role by its name, without "*"',
    ],

    // What is denied, and where logins may come from.
    [
      'a day for a moment',
      { deny: '{issuedBefore: 2026-11-01}' },
      'deny.issuedBefore: Invalid value: "2026-11-01": must be a time such as 2026-11-01T00:00:00Z',
    ],
    [
      'a moment without an offset',
      { deny: '{issuedBefore: "2026-11-01T00:00:00"}' },
      'deny.issuedBefore: Invalid value: "2026-11-01T00:00:00": must be a time such as 2026-11-01T00:00:00Z',
    ],
    ...[
      '2026-02-30T00:00:00Z',
      '2025-02-29T00:00:00Z',
      '2026-13-01T00:00:00Z',
      '2026-01-01T25:00:00Z',
      '2026-01-00T00:00:00Z',
      '2026-01-01T00:00:00+25:00',
    ].map(
      (moment) =>
        [
          `the moment ${moment}, which does not exist`,
          { deny: `{issuedBefore: "${moment}"}` },
          `deny.issuedBefore: Invalid value: "${moment}": must be a time that exists`,
        ] as const,
    ),
    ['a subject twice', { deny: '{subjects: [a, a]}' }, 'deny.subjects[1]: Duplicate value: "a"'],
    ['no service', { pam: '{services: []}' }, 'pam.services: Required value: must not be empty'],
    ['no source', { pam: '{sources: []}' }, 'pam.sources: Required value: must not be empty'],
    [
      'a source twice',
      { pam: '{sources: [local, local]}' },
      'pam.sources[1]: Duplicate value: "local"',
    ],
    ...[
      'localhost',
      '10.0.0',
      '10.0.0.0/33',
      '010.0.0.1',
      'fe80::1%eth0',
      'fe80::/10/3',
      '10.0.0.0/',
      '1.2.3.4.5',
      ':::',
    ].map(
      (source) =>
        [
          `the source ${source}`,
          { pam: `{sources: ["${source}"]}` },
          `pam.sources[0]: Invalid value: "${source}": ${SOURCE}`,
        ] as const,
    ),
    ...[
      ['10.0.0.7/8', 8],
      ['fd00::1/8', 8],
      ['::ffff:10.0.0.7/104', 104],
    ].map(
      ([source, bits]) =>
        [
          `the source ${source}, which is a host`,
          { pam: `{sources: ["${source}"]}` },
          `pam.sources[0]: Invalid value: "${source}": must be a network, and has bits behind its prefix of ${bits}; one address is written without "/"`,
        ] as const,
    ),
  ])('%s', (_what, lines, problem) => {
    expect(problemOf(lines)).toBe(problem);
  });

  it('of one key told beside those of others, each at its place', () => {
    const text = entryWith({
      issuer: SPIFFE,
      token: '{types: [at+jwt], maxAge: 1}',
      pam: '{sources: [x]}',
    });
    expect(problemsOf(text)).toEqual([
      'issuers.yaml:3:3: issuers[0].keys: Required value: a trust domain has no discovery document; expected spiffeBundleURL or another key source',
      'issuers.yaml:6:19: issuers[0].token.types[0]: Invalid value: "at+jwt": no token of a trust domain (JWT-SVID) may have it',
      'issuers.yaml:6:36: issuers[0].token.maxAge: Invalid type: expected a whole number with ms, s, m, h or d, such as "30s", "10m" or "24h", got number 1',
      `issuers.yaml:7:19: issuers[0].pam.sources[0]: Invalid value: "x": ${SOURCE}`,
    ]);
  });
});
