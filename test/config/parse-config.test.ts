// issuers.yaml: what is taken, with its defaults, and every kind of problem with its place.
import { describe, expect, it } from 'vitest';

import { parseConfig } from '../../src/config/parse-config.ts';
import { CERTIFICATE } from '../support/certificate.ts';
import { MINIMAL, problemsOf, withLine, withMore } from './problems-of.ts';

describe('a configuration', () => {
  it('has defaults for everything that the common case leaves out', () => {
    const parsed = parseConfig(MINIMAL);
    expect(parsed).toMatchObject({ ok: true });
    expect(parsed.ok && parsed.config).toEqual({
      apiVersion: 'pgtoken/v1',
      protectedRoles: ['postgres', 'root', 'pg_*'],
      servers: [],
      issuers: [
        {
          name: 'homelab',
          issuer: { url: 'https://k8s.example.com', audiences: ['postgres'] },
          http: { timeout: 3, maxResponseBytes: 1024 * 1024 },
          token: {
            algorithms: [
              'RS256',
              'RS384',
              'RS512',
              'PS256',
              'PS384',
              'PS512',
              'ES256',
              'ES384',
              'ES512',
              'EdDSA',
              'Ed25519',
            ],
            types: ['absent', 'JWT', 'JOSE', 'at+jwt'],
            allowSenderConstrained: false,
            clockSkew: 30,
            maxLifetime: 86_400,
            maxBytes: 16_384,
            requiredClaims: [],
            requiredScopes: [],
          },
          claimValidationRules: [],
          roles: [{ claim: 'sub', shorten: false }],
          allowProtectedRoles: [],
          deny: { subjects: [], tokenIDs: [], keyIDs: [] },
          pam: {},
          cache: { refreshInterval: 600, maxStale: 86_400, unknownKeyCooldown: 30 },
        },
      ],
    });
  });

  it('is taken over with every key, durations in seconds and sizes in bytes', () => {
    const parsed = parseConfig(`# everything there is
apiVersion: pgtoken/v1
protectedRoles: [root, "*_admin"]
servers:
- {name: main, connection: "port=5433 host='/run/other server' dbname=app user=watcher"}
- {name: other, connection: ""}
issuers:
- name: a
  issuer:
    url: https://a.example.com/
    discoveryURL: https://b.example.com/d
    certificateAuthorityFile: ca.pem
    audiences: [one, two]
    audienceMatchPolicy: MatchExact
  http: {proxyURL: "http://proxy.example.com:3128", timeout: 1500ms, maxResponseBytes: 64KiB}
  token:
    algorithms: [ES256, EdDSA]
    types: [absent, application/AT+JWT]
    allowSenderConstrained: true
    clockSkew: 1m
    maxLifetime: 366d
    maxAge: 1h
    maxBytes: 4KiB
    requiredClaims: [jti, /kubernetes.io/pod/name]
    requiredScopes: [db.login, 'a:b/c']
    boundTo: [pod, node]
  claimValidationRules:
  - {claim: hd, requiredValue: example.com}
  - {claim: /a/b, requiredValues: [x, 1, true]}
  - {claim: sub, pattern: 'a.*'}
  - {claim: act, forbidden: true}
  roles:
  - {claim: /a/b, trimPrefix: "x:", trimSuffix: ":y", pattern: '(.*)', role: ['\\1', r], replace: {"-": ""}}
  - {claim: groups, equals: dba, role: dba_ro}
  - {claim: sub, shorten: true}
  allowProtectedRoles: [root]
  deny: {subjects: [s], tokenIDs: [t], keyIDs: [k], issuedBefore: 2026-11-01T01:00:00+01:00}
  oauth: {identity: /a/b}
  pam: {services: [postgresql-k8s], sources: [10.0.0.0/8, "fd00::/8", local]}
  cache: {refreshInterval: 2h, maxStale: 2h, maxStaleUnauthorized: 0s, unknownKeyCooldown: 1s}
  sessions: {end: [expired, denied], grace: 0s, atLeast: 1m, maxLifetime: 12h, renew: true}
- name: b
  issuer:
    url: https://a.example.com/
    audiences: [one]
  keys: {jwksFile: keys.json}
  roles: [{claim: sub}]
  sessions: {end: [expired]}
- name: c
  issuer: {spiffeTrustDomain: example.org, audiences: [one]}
  keys: {spiffeBundleURL: "https://spire.example.org/bundle", bearerTokenFile: token}
  roles: [{claim: sub}]
`);
    expect(parsed).toMatchObject({
      ok: true,
      config: {
        protectedRoles: ['root', '*_admin'],
        servers: [
          {
            name: 'main',
            connection: {
              host: '/run/other server',
              port: 5433,
              database: 'app',
              user: 'watcher',
            },
          },
          {
            name: 'other',
            connection: {
              host: '/var/run/postgresql',
              port: 5432,
              database: 'postgres',
              user: 'pgtoken',
            },
          },
        ],
        issuers: [
          {
            issuer: {
              discoveryURL: 'https://b.example.com/d',
              certificateAuthorityFile: 'ca.pem',
              audiences: ['one', 'two'],
              audienceMatchPolicy: 'MatchExact',
            },
            http: {
              proxyURL: 'http://proxy.example.com:3128',
              timeout: 1.5,
              maxResponseBytes: 65_536,
            },
            token: {
              algorithms: ['ES256', 'EdDSA'],
              types: ['absent', 'application/AT+JWT'],
              allowSenderConstrained: true,
              clockSkew: 60,
              maxLifetime: 31_622_400,
              maxAge: 3600,
              maxBytes: 4096,
              requiredClaims: ['jti', '/kubernetes.io/pod/name'],
              requiredScopes: ['db.login', 'a:b/c'],
              boundTo: ['pod', 'node'],
            },
            claimValidationRules: [
              { claim: 'hd', requiredValue: 'example.com' },
              { claim: '/a/b', requiredValues: ['x', 1, true] },
              { claim: 'sub', pattern: 'a.*' },
              { claim: 'act', forbidden: true },
            ],
            roles: [
              {
                claim: '/a/b',
                trimPrefix: 'x:',
                trimSuffix: ':y',
                pattern: '(.*)',
                role: ['\\1', 'r'],
                replace: { '-': '' },
              },
              { claim: 'groups', equals: 'dba', role: 'dba_ro' },
              { claim: 'sub', shorten: true },
            ],
            allowProtectedRoles: ['root'],
            deny: {
              subjects: ['s'],
              tokenIDs: ['t'],
              keyIDs: ['k'],
              issuedBefore: Date.UTC(2026, 10, 1) / 1000,
            },
            oauth: { identity: '/a/b' },
            pam: { services: ['postgresql-k8s'], sources: ['10.0.0.0/8', 'fd00::/8', 'local'] },
            cache: {
              refreshInterval: 7200,
              maxStale: 7200,
              maxStaleUnauthorized: 0,
              unknownKeyCooldown: 1,
            },
            sessions: {
              end: ['expired', 'denied'],
              grace: 0,
              atLeast: 60,
              maxLifetime: 43_200,
              renew: true,
            },
          },
          {
            keys: { jwksFile: 'keys.json' },
            sessions: { end: ['expired'], grace: 60, atLeast: 300, renew: false },
          },
          {
            issuer: { spiffeTrustDomain: 'example.org' },
            keys: { spiffeBundleURL: 'https://spire.example.org/bundle', bearerTokenFile: 'token' },
          },
        ],
      },
    });
  });

  it('says where each of its parts stands', () => {
    const parsed = parseConfig(withMore('  - claim: groups', "    pattern: '['"));
    expect(parsed.ok && parsed.locate(['issuers', 0, 'roles', 1, 'pattern'])).toEqual({
      line: 10,
      column: 14,
    });
    // What is not written is where its surroundings begin.
    expect(parsed.ok && parsed.locate(['issuers', 0, 'keys', 'jwksFile'])).toEqual({
      line: 3,
      column: 3,
    });
  });
});

describe('one problem', () => {
  const ALGORITHMS =
    '"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519", "ML-DSA-44", "ML-DSA-65", "ML-DSA-87"';
  const LABEL = 'must be a DNS label: lower-case letters, digits and "-", at most 63';
  const HTTPS = 'must be an https:// URL without user, query or fragment';
  const HTTPS_WITH_QUERY = 'must be an https:// URL without user or fragment';
  const URL_LINE = '    url: https://k8s.example.com';
  const AUDIENCE_LINE = '    audiences: [postgres]';
  const NAME_LINE = '- name: homelab';
  const RULE_LINE = '  - claim: sub';
  const VERSION_LINE = 'apiVersion: pgtoken/v1';

  it.each<readonly [what: string, text: string, problem: string]>([
    // Servers and sessions.
    ...(
      [
        [
          'password=Hunter2',
          'must have no password: the server knows the daemon by the user that it runs as (peer); expected some of host, port, dbname and user',
        ],
        [
          'sslmode=require',
          'has the parameter sslmode; expected some of host, port, dbname and user',
        ],
        [
          'PGHOST=x',
          'has a parameter that is not known; expected some of host, port, dbname and user',
        ],
        [
          'host=db.example.com',
          "must have the folder of the server's unix socket as host, such as /var/run/postgresql, by its absolute path",
        ],
        ['port=0', 'must have a port of 1 to 65535'],
        ['port=65536', 'must have a port of 1 to 65535'],
        ["user=''", 'must have a dbname and a user that are not empty, or none'],
        [
          'postgresql:///app',
          'must be a list of name=value, such as "host=/var/run/postgresql port=5432"; expected some of host, port, dbname and user',
        ],
      ] as const
    ).map(
      ([connection, problem]) =>
        [
          `a server by ${connection}`,
          withLine(
            VERSION_LINE,
            VERSION_LINE,
            `servers: [{name: main, connection: "${connection}"}]`,
          ),
          `2:36: servers[0].connection: Invalid value: ${problem}`,
        ] as const,
    ),
    [
      'two servers of one name',
      withLine(
        VERSION_LINE,
        VERSION_LINE,
        'servers: [{name: main, connection: ""}, {name: main, connection: port=5433}]',
      ),
      '2:48: servers[1].name: Duplicate value: "main"',
    ],
    [
      'sessions without servers',
      withMore('  sessions: {end: [denied]}'),
      '9:3: issuers[0].sessions: Invalid value: needs servers, the PostgreSQL servers whose sessions are meant; expected at least one',
    ],
    [
      'sessions with an empty list of servers',
      `${withMore('  sessions: {}')}servers: []\n`,
      '9:3: issuers[0].sessions: Invalid value: needs servers, the PostgreSQL servers whose sessions are meant; expected at least one',
    ],
    [
      'a cause that there is not',
      `${withMore('  sessions: {end: [logout]}')}servers: [{name: main, connection: ""}]\n`,
      '9:20: issuers[0].sessions.end[0]: Unsupported value: "logout": must be one of "expired", "denied", "revoked"',
    ],
    ...['grace: 1m', 'atLeast: 1m', 'renew: true'].map(
      (written) =>
        [
          `${written} where nothing ends as its token expires`,
          `${withMore(`  sessions: {end: [denied], ${written}}`)}servers: [{name: main, connection: ""}]\n`,
          `9:${30 + written.indexOf(' ')}: issuers[0].sessions.${written.split(':')[0]}: Invalid value: not used, as end does not have expired`,
        ] as const,
    ),
    // The file.
    [
      'no apiVersion',
      withLine(VERSION_LINE),
      '1:1: apiVersion: Required value: must be "pgtoken/v1"',
    ],
    [
      'another apiVersion',
      withLine(VERSION_LINE, 'apiVersion: pgtoken/v2'),
      '1:13: apiVersion: Unsupported value: "pgtoken/v2": must be "pgtoken/v1"',
    ],
    [
      'an apiVersion that is a number',
      withLine(VERSION_LINE, 'apiVersion: 1'),
      '1:13: apiVersion: Unsupported value: 1: must be "pgtoken/v1"',
    ],
    ...(
      [
        ['claimValidationRules: [3]', '26: issuers[0].claimValidationRules[0]', 'number 3'],
        ['deny: [a]', '3: issuers[0].deny', 'a list'],
        ['pam: 1', '8: issuers[0].pam', 'number 1'],
        ['cache: x', '10: issuers[0].cache', 'text "x"'],
        ['roles: [[sub]]', '11: issuers[0].roles[0]', 'a list'],
      ] as const
    ).map(
      ([written, place, seen]) =>
        [
          `no mapping where one belongs: ${written}`,
          written.startsWith('roles:')
            ? withLine('  roles:', `  ${written}`).replace('  - claim: sub\n', '')
            : withMore(`  ${written}`),
          `${written.startsWith('roles:') ? 7 : 9}:${place}: Invalid type: expected a mapping, got ${seen}`,
        ] as const,
    ),
    [
      'a key that is no text',
      withMore('? {a: b}', ': c'),
      '9:3: Invalid YAML: With stringKeys, all keys must be strings',
    ],
    [
      'an unknown key at the top',
      withLine(VERSION_LINE, VERSION_LINE, 'issuer: []'),
      '2:1: issuer: Unknown field, did you mean "issuers"?',
    ],
    [
      'an unknown key that is like none',
      withLine(VERSION_LINE, VERSION_LINE, 'zebra: 1'),
      '2:1: zebra: Unknown field, known here: apiVersion, issuers, protectedRoles, servers',
    ],
    [
      'a key in another case',
      withMore('  HTTP: {}'),
      '9:3: issuers[0].HTTP: Unknown field, did you mean "http"?',
    ],
    [
      'an unknown key that would upset a terminal',
      withMore('  "a\\x1b[2J\\n": 1'),
      String.raw`9:3: issuers[0]."a\u001b[2J\n": Unknown field, known here: allowProtectedRoles, cache, claimValidationRules, deny, http, issuer, keys, name, oauth, pam, provision, review, roles, sessions, token`,
    ],
    [
      'no issuers',
      'apiVersion: pgtoken/v1\n',
      '1:1: issuers: Required value: expected a list of issuers',
    ],
    [
      'nothing where the issuers belong',
      'apiVersion: pgtoken/v1\nissuers:\n',
      '2:9: issuers: Required value: expected a list of issuers',
    ],
    [
      'issuers that are no list',
      'apiVersion: pgtoken/v1\nissuers: {a: b}\n',
      '2:1: issuers: Invalid type: expected a list of issuers, got a mapping',
    ],
    [
      'an issuer that is text',
      'apiVersion: pgtoken/v1\nissuers: [homelab]\n',
      '2:11: issuers[0]: Invalid type: expected a mapping, got text "homelab"',
    ],
    [
      'protectedRoles that are text',
      `protectedRoles: postgres\n${MINIMAL}`,
      '1:17: protectedRoles: Invalid type: expected a list of texts, got text "postgres"',
    ],
    [
      'protectedRoles that are nothing',
      `protectedRoles:\n${MINIMAL}`,
      '1:16: protectedRoles: Required value: expected a list of texts',
    ],
    [
      'an empty protected role',
      `protectedRoles: [postgres, ""]\n${MINIMAL}`,
      '1:28: protectedRoles[1]: Required value: must not be empty',
    ],
    [
      'a protected role that is a number',
      `protectedRoles: [1]\n${MINIMAL}`,
      '1:18: protectedRoles[0]: Invalid type: expected text, got number 1',
    ],

    [
      'a protected role that PostgreSQL cuts, so that what it is called then would not be protected',
      `protectedRoles: ["${'\u{e9}'.repeat(32)}"]\n${MINIMAL}`,
      `1:18: protectedRoles[0]: Invalid value: "${String.raw`\u00e9`.repeat(32)}": must have at most 63 bytes, to which PostgreSQL cuts the names of roles`,
    ],

    // The name.
    ['no name', withLine(NAME_LINE, '-'), '4:3: issuers[0].name: Required value: expected a name'],
    [
      'a name in capitals',
      withLine(NAME_LINE, '- name: Homelab'),
      `3:9: issuers[0].name: Invalid value: "Homelab": ${LABEL}`,
    ],
    [
      'a name that would be another file',
      withLine(NAME_LINE, '- name: ../homelab'),
      `3:9: issuers[0].name: Invalid value: "../homelab": ${LABEL}`,
    ],
    [
      'a name with a line break at its end',
      withLine(NAME_LINE, '- name: "homelab\\n"'),
      String.raw`3:9: issuers[0].name: Invalid value: "homelab\n": ${LABEL}`,
    ],
    [
      'a name of 64 letters',
      withLine(NAME_LINE, `- name: ${'a'.repeat(64)}`),
      `3:9: issuers[0].name: Invalid value: "${'a'.repeat(64)}": ${LABEL}`,
    ],
    [
      'a name that is a number',
      withLine(NAME_LINE, '- name: 1'),
      '3:9: issuers[0].name: Invalid type: expected a name, got number 1',
    ],
    [
      'one name twice',
      withMore(
        '- {name: homelab, issuer: {url: "https://b.example.com", audiences: [x]}, roles: [{claim: sub}]}',
      ),
      '9:10: issuers[1].name: Duplicate value: "homelab"',
    ],

    // The issuer.
    [
      'no issuer',
      'apiVersion: pgtoken/v1\nissuers:\n- name: homelab\n  roles: [{claim: sub}]\n',
      '3:3: issuers[0].issuer: Required value: expected a mapping',
    ],
    [
      'no url',
      withLine(URL_LINE),
      '4:3: issuers[0].issuer.url: Required value: expected the iss of the tokens, or spiffeTrustDomain instead of url',
    ],
    ...(
      [
        ['over http', 'http://k8s.example.com'],
        ['without a scheme', 'k8s.example.com'],
        ['in capitals', 'HTTPS://k8s.example.com'],
        ['with a query', 'https://k8s.example.com?x=1'],
        ['with a fragment', 'https://k8s.example.com#x'],
        ['with a backslash', 'https:\\\\k8s.example.com'],
        ['with a space', '"https://k8s.example.com/a b"'],
        ['with a port that is none', 'https://k8s.example.com:99999'],
        ['of nothing but a scheme', '"https://"'],
        ['with a line break behind', '"https://k8s.example.com\\n"'],
      ] as const
    ).map(
      ([what, url]) =>
        [
          `a url ${what}`,
          withLine(URL_LINE, `    url: ${url}`),
          `5:10: issuers[0].issuer.url: Invalid value: ${url.startsWith('"') ? url : JSON.stringify(url)}: ${HTTPS}`,
        ] as const,
    ),
    [
      'a url with a user, and a password that is not shown',
      withLine(URL_LINE, '    url: https://user:secret@k8s.example.com'),
      `5:10: issuers[0].issuer.url: Invalid value: it has a user; ${HTTPS}`,
    ],
    [
      'an empty url',
      withLine(URL_LINE, '    url: ""'),
      '5:10: issuers[0].issuer.url: Required value: must not be empty',
    ],
    [
      'a url that is no text',
      withLine(URL_LINE, '    url: [https://k8s.example.com]'),
      '5:5: issuers[0].issuer.url: Invalid type: expected text, got a list',
    ],
    [
      'a discoveryURL over http',
      withLine(URL_LINE, URL_LINE, '    discoveryURL: http://k8s.example.com/d'),
      `6:19: issuers[0].issuer.discoveryURL: Invalid value: "http://k8s.example.com/d": ${HTTPS_WITH_QUERY}`,
    ],
    [
      'two sources for the certificate authority',
      withLine(
        URL_LINE,
        URL_LINE,
        `    certificateAuthority: ${JSON.stringify(CERTIFICATE)}`,
        '    certificateAuthorityFile: y',
      ),
      '7:31: issuers[0].issuer.certificateAuthorityFile: Invalid value: only one of certificateAuthority and certificateAuthorityFile may be written',
    ],

    // The audiences.
    [
      'no audiences',
      withLine(AUDIENCE_LINE),
      '4:3: issuers[0].issuer.audiences: Required value: expected a list of audiences, such as [postgres]',
    ],
    [
      'an empty list of audiences',
      withLine(AUDIENCE_LINE, '    audiences: []'),
      '6:5: issuers[0].issuer.audiences: Required value: at least one audience is required, such as [postgres]',
    ],
    [
      'an empty audience',
      withLine(AUDIENCE_LINE, '    audiences: [""]'),
      '6:17: issuers[0].issuer.audiences[0]: Required value: must not be empty',
    ],
    [
      'audiences that are text',
      withLine(AUDIENCE_LINE, '    audiences: postgres'),
      '6:16: issuers[0].issuer.audiences: Invalid type: expected a list of audiences, such as [postgres], got text "postgres"',
    ],
    [
      'an audience twice',
      withLine(AUDIENCE_LINE, '    audiences: [a, b, a]', '    audienceMatchPolicy: MatchAny'),
      '6:23: issuers[0].issuer.audiences[2]: Duplicate value: "a"',
    ],
    [
      'several audiences without a policy',
      withLine(AUDIENCE_LINE, '    audiences: [a, b]'),
      '4:3: issuers[0].issuer.audienceMatchPolicy: Required value: must be MatchAny or MatchExact when there are several audiences',
    ],
    [
      'an unknown policy',
      withLine(AUDIENCE_LINE, AUDIENCE_LINE, '    audienceMatchPolicy: MatchAll'),
      '7:26: issuers[0].issuer.audienceMatchPolicy: Unsupported value: "MatchAll": must be one of "MatchAny", "MatchExact", did you mean "MatchAny"?',
    ],

    // The keys.
    [
      'no key source',
      withMore('  keys: {}'),
      '9:3: issuers[0].keys: Required value: exactly one of jwksURI, jwksFile, publicKeysFile, spiffeBundleURL, spiffeBundleFile; leave keys out for discovery',
    ],
    [
      'two key sources',
      withMore('  keys: {jwksURI: "https://a.example.com/keys", jwksFile: keys.json}'),
      '9:59: issuers[0].keys.jwksFile: Invalid value: only one key source may be written, and jwksURI is one',
    ],
    [
      'keys over http',
      withMore('  keys: {jwksURI: "http://a.example.com/keys"}'),
      `9:19: issuers[0].keys.jwksURI: Invalid value: "http://a.example.com/keys": ${HTTPS_WITH_QUERY}`,
    ],
    [
      'keys that are nothing',
      withMore('  keys:'),
      '9:8: issuers[0].keys: Required value: expected a mapping',
    ],
    [
      'a discoveryURL beside keys that need none',
      withLine(URL_LINE, URL_LINE, '    discoveryURL: https://d.example.com').concat(
        '  keys: {jwksURI: "https://a.example.com"}\n',
      ),
      '6:19: issuers[0].issuer.discoveryURL: Invalid value: not used, as the keys come from jwksURI',
    ],
    [
      'a certificate authority beside keys from a file',
      withLine(URL_LINE, URL_LINE, '    certificateAuthorityFile: ca.pem').concat(
        '  keys: {jwksFile: keys.json}\n',
      ),
      '6:31: issuers[0].issuer.certificateAuthorityFile: Invalid value: not used, as the keys come from jwksFile',
    ],

    // Limits.
    [
      'a timeout over its maximum',
      withMore('  http: {timeout: 61s}'),
      '9:19: issuers[0].http.timeout: Invalid value: "61s": must be 100ms to 60s',
    ],
    [
      'a duration that is a bare number',
      withMore('  token: {clockSkew: 30}'),
      '9:22: issuers[0].token.clockSkew: Invalid type: expected a whole number with ms, s, m, h or d, such as "30s", "10m" or "24h", got number 30',
    ],
    [
      'a duration in an unknown unit',
      withMore('  token: {maxLifetime: 1y}'),
      '9:24: issuers[0].token.maxLifetime: Invalid value: "1y": must be a whole number with ms, s, m, h or d, such as "30s", "10m" or "24h"',
    ],
    [
      'a negative duration',
      withMore('  cache: {maxStale: -1h}'),
      '9:21: issuers[0].cache.maxStale: Invalid value: "-1h": must be a whole number with ms, s, m, h or d, such as "30s", "10m" or "24h"',
    ],
    [
      'a clockSkew over its maximum',
      withMore('  token: {clockSkew: 601s}'),
      '9:22: issuers[0].token.clockSkew: Invalid value: "601s": must be 0s to 10m',
    ],
    [
      'a cooldown over its maximum',
      withMore('  cache: {unknownKeyCooldown: 25h}'),
      '9:31: issuers[0].cache.unknownKeyCooldown: Invalid value: "25h": must be 1s to 1d',
    ],
    [
      'a timeout that leaves no time',
      withMore('  http: {timeout: 99ms}'),
      '9:19: issuers[0].http.timeout: Invalid value: "99ms": must be 100ms to 60s',
    ],
    [
      'no cooldown',
      withMore('  cache: {unknownKeyCooldown: 0s}'),
      '9:31: issuers[0].cache.unknownKeyCooldown: Invalid value: "0s": must be 1s to 1d',
    ],
    [
      'keys that are too old to use before they are retrieved again',
      withMore('  cache: {refreshInterval: 2h, maxStale: 1h}'),
      '9:42: issuers[0].cache.maxStale: Invalid value: 1h: must be at least refreshInterval, 2h',
    ],
    [
      'a maxStaleUnauthorized that is longer than maxStale',
      withMore('  cache: {maxStaleUnauthorized: 25h}'),
      '9:33: issuers[0].cache.maxStaleUnauthorized: Invalid value: 25h: must be at most maxStale, 24h',
    ],
    [
      'a refreshInterval beyond the default maxStale',
      withMore('  cache: {refreshInterval: 7d}'),
      '9:3: issuers[0].cache.maxStale: Invalid value: 24h: must be at least refreshInterval, 7d',
    ],
    [
      'an algorithm twice',
      withMore('  token: {algorithms: [RS256, ES256, RS256]}'),
      '9:38: issuers[0].token.algorithms[2]: Duplicate value: "RS256"',
    ],
    [
      'a refreshInterval over its maximum',
      withMore('  cache: {refreshInterval: 8d}'),
      '9:28: issuers[0].cache.refreshInterval: Invalid value: "8d": must be 1s to 7d',
    ],
    ...(
      [
        ['255', '255', 'must be 256 to 65535 bytes'],
        ['65536', '65536', 'must be 256 to 65535 bytes'],
        ['-1', '-1', 'must be 256 to 65535 bytes'],
        ['1MiB', '"1MiB"', 'must be 256 to 65535 bytes'],
        ['16 KB', '"16 KB"', 'must be a size in bytes, such as 16384 or "16KiB"'],
        ['"0"', '"0"', 'must be a size in bytes, such as 16384 or "16KiB"'],
        ['99999999999999999999999', '1e+23', 'must be a size in bytes, such as 16384 or "16KiB"'],
      ] as const
    ).map(
      ([size, shown, must]) =>
        [
          `a maxBytes of ${size}`,
          withMore(`  token: {maxBytes: ${size}}`),
          `9:21: issuers[0].token.maxBytes: Invalid value: ${shown}: ${must}`,
        ] as const,
    ),
    ...(
      [
        ['1.5', 'number 1.5'],
        ['true', 'boolean true'],
        ['.inf', 'number Infinity'],
        ['.nan', 'number NaN'],
      ] as const
    ).map(
      ([size, shown]) =>
        [
          `a maxBytes of ${size}`,
          withMore(`  token: {maxBytes: ${size}}`),
          `9:21: issuers[0].token.maxBytes: Invalid type: expected a size in bytes, such as 16384 or "16KiB", got ${shown}`,
        ] as const,
    ),
    [
      'no algorithm',
      withMore('  token: {algorithms: []}'),
      '9:11: issuers[0].token.algorithms: Required value: must not be empty',
    ],

    // Role rules.
    [
      'no roles',
      MINIMAL.replace('  roles:\n  - claim: sub\n', ''),
      '3:3: issuers[0].roles: Required value: expected a list of role rules',
    ],
    [
      'an empty list of roles',
      MINIMAL.replace('  roles:\n  - claim: sub\n', '  roles: []\n'),
      '7:3: issuers[0].roles: Required value: at least one rule is required, as without one nobody may log in',
    ],
    [
      'a rule without a claim',
      withLine(RULE_LINE, '  - trimPrefix: x'),
      '8:5: issuers[0].roles[0].claim: Required value: expected text',
    ],
    [
      'an empty claim',
      withLine(RULE_LINE, '  - claim: ""'),
      '8:12: issuers[0].roles[0].claim: Required value: must not be empty',
    ],
    [
      'a claim that is a broken JSON Pointer',
      withLine(RULE_LINE, '  - claim: /a~2b'),
      '8:12: issuers[0].roles[0].claim: Invalid value: "/a~2b": must be a JSON Pointer (RFC 6901): "~" is written "~0" and "/" inside a name "~1"',
    ],
    [
      'an empty prefix',
      withLine(RULE_LINE, RULE_LINE, '    trimPrefix: ""'),
      '9:17: issuers[0].roles[0].trimPrefix: Required value: must not be empty',
    ],
    [
      'equals and pattern',
      withLine(RULE_LINE, RULE_LINE, '    equals: x', '    pattern: y', '    role: z'),
      '10:14: issuers[0].roles[0].pattern: Invalid value: only one of equals and pattern may be written',
    ],
    [
      'a role for nobody knows whom',
      withLine(RULE_LINE, RULE_LINE, '    role: x'),
      "9:11: issuers[0].roles[0].role: Invalid value: a role needs equals or pattern beside it, which say for whom it is; pattern: '.*' means everybody",
    ],
    [
      'equals without a role',
      withLine(RULE_LINE, RULE_LINE, '    equals: x'),
      '9:13: issuers[0].roles[0].equals: Invalid value: equals needs role beside it, which says what is permitted',
    ],
    [
      'replace beside equals',
      withLine(RULE_LINE, RULE_LINE, '    equals: x', '    role: y', '    replace: {a: b}'),
      '11:5: issuers[0].roles[0].replace: Invalid value: nothing comes from the claim when equals is written',
    ],
    [
      'a group without a pattern',
      withLine(RULE_LINE, RULE_LINE, '    equals: x', '    role: [y, "z_\\\\1"]'),
      '10:15: issuers[0].roles[0].role[1]: Invalid value: \\1 stands for a group of pattern, and there is no pattern',
    ],
    [
      'an empty list of roles in a rule',
      withLine(RULE_LINE, RULE_LINE, '    equals: x', '    role: []'),
      '10:5: issuers[0].roles[0].role: Required value: must not be empty',
    ],
    [
      'a role that is a number',
      withLine(RULE_LINE, RULE_LINE, '    equals: x', '    role: 1'),
      '10:11: issuers[0].roles[0].role: Invalid type: expected a role or a list of roles, got number 1',
    ],
    [
      'an empty text to replace',
      withLine(RULE_LINE, RULE_LINE, '    replace: {"": x}'),
      '9:15: issuers[0].roles[0].replace."": Invalid key: must not be empty',
    ],
    [
      'a replacement that is no text',
      withLine(RULE_LINE, RULE_LINE, '    replace: {a: 1}'),
      '9:18: issuers[0].roles[0].replace.a: Invalid type: expected text, got number 1',
    ],
    [
      'an unknown key in a rule',
      withLine(RULE_LINE, RULE_LINE, '    trimprefix: x'),
      '9:5: issuers[0].roles[0].trimprefix: Unknown field, did you mean "trimPrefix"?',
    ],
  ])('is reported with its place: %s', (_what, text, problem) => {
    const problems = problemsOf(text);
    expect(problems).toHaveLength(1);
    expect(problems).toEqual([`issuers.yaml:${problem}`]);
  });

  it.each([
    ['HS256', ''],
    ['hs512', ''],
    ['rs256', ', did you mean "RS256"?'],
    ['none', ''],
    ['None', ''],
    ['ES256K', ', did you mean "ES256"?'],
    ['dir', ''],
  ])('is reported with its place: algorithm %s', (name, near) => {
    expect(problemsOf(withMore(`  token: {algorithms: [RS256, ${name}]}`))).toEqual([
      `issuers.yaml:9:31: issuers[0].token.algorithms[1]: Unsupported value: "${name}": must be one of ${ALGORITHMS}${near}`,
    ]);
  });

  it.each([
    [
      'HS256',
      'HMAC cannot be permitted, as it signs with a shared secret: have the issuer sign with a private key, such as by RS256.',
    ],
    ['ES256K', undefined],
  ])('has advice where it is HMAC: algorithm %s', (name, hint) => {
    const parsed = parseConfig(withMore(`  token: {algorithms: [${name}]}`));
    expect(parsed.ok ? [] : parsed.problems.map((problem) => problem.hint)).toEqual([hint]);
  });

  it.each(['1.5h', '"10 m"', '1y', '10'])('is reported with what a duration is: %s', (written) => {
    expect(problemsOf(withMore(`  token: {maxLifetime: ${written}}`)).join('\n')).toContain(
      'a whole number with ms, s, m, h or d, such as "30s", "10m" or "24h"',
    );
  });
});

describe('a text that is too much to look at', () => {
  it('is not looked at, and says why', () => {
    const used = 21;
    expect(problemsOf(withMore(`# ${','.repeat(15_000 - used)}`))).toEqual([]);
    expect(problemsOf(withMore(`# ${','.repeat(15_001 - used)}`))).toEqual([
      'issuers.yaml:1:1: Invalid YAML: over 15000 values; expected at most that',
    ]);
  });
});

describe('several problems', () => {
  it('are all reported at once, in the order of the text', () => {
    expect(
      problemsOf(`apiVersion: pgtoken/v1
protectedRole: []
issuers:
- name: One
  issuer:
    url: http://one example
    audiences: [a, a]
    certificateAuthority: x
    certificateAuthorityFile: y
  keys: {jwksURI: 1, jwksFile: ""}
  token: {clockSkew: 1, maxBytes: 1, algorithms: [HS256]}
  roles:
  - {claim: sub, equals: x}
  - {claim: sub, role: '\\1'}
- name: One
  issuer: {}
  roles: {}
`),
    ).toEqual([
      'issuers.yaml:2:1: protectedRole: Unknown field, did you mean "protectedRoles"?',
      'issuers.yaml:4:9: issuers[0].name: Invalid value: "One": must be a DNS label: lower-case letters, digits and "-", at most 63',
      'issuers.yaml:5:3: issuers[0].issuer.audienceMatchPolicy: Required value: must be MatchAny or MatchExact when there are several audiences',
      'issuers.yaml:6:10: issuers[0].issuer.url: Invalid value: "http://one example": must be text without ":", or a URI (StringOrURI of RFC 7519)',
      'issuers.yaml:7:20: issuers[0].issuer.audiences[1]: Duplicate value: "a"',
      'issuers.yaml:8:27: issuers[0].issuer.certificateAuthority: Invalid value: no certificate in PEM; expected -----BEGIN CERTIFICATE-----',
      'issuers.yaml:9:31: issuers[0].issuer.certificateAuthorityFile: Invalid value: only one of certificateAuthority and certificateAuthorityFile may be written',
      'issuers.yaml:10:19: issuers[0].keys.jwksURI: Invalid type: expected text, got number 1',
      'issuers.yaml:10:32: issuers[0].keys.jwksFile: Required value: must not be empty',
      'issuers.yaml:10:32: issuers[0].keys.jwksFile: Invalid value: only one key source may be written, and jwksURI is one',
      'issuers.yaml:11:22: issuers[0].token.clockSkew: Invalid type: expected a whole number with ms, s, m, h or d, such as "30s", "10m" or "24h", got number 1',
      'issuers.yaml:11:35: issuers[0].token.maxBytes: Invalid value: 1: must be 256 to 65535 bytes',
      'issuers.yaml:11:51: issuers[0].token.algorithms[0]: Unsupported value: "HS256": must be one of "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519", "ML-DSA-44", "ML-DSA-65", "ML-DSA-87"',
      'issuers.yaml:13:26: issuers[0].roles[0].equals: Invalid value: equals needs role beside it, which says what is permitted',
      "issuers.yaml:14:24: issuers[0].roles[1].role: Invalid value: a role needs equals or pattern beside it, which say for whom it is; pattern: '.*' means everybody",
      'issuers.yaml:14:24: issuers[0].roles[1].role: Invalid value: \\1 stands for a group of pattern, and there is no pattern',
      'issuers.yaml:15:9: issuers[1].name: Invalid value: "One": must be a DNS label: lower-case letters, digits and "-", at most 63',
      'issuers.yaml:15:9: issuers[1].name: Duplicate value: "One"',
      'issuers.yaml:16:3: issuers[1].issuer.audiences: Required value: expected a list of audiences, such as [postgres]',
      'issuers.yaml:16:3: issuers[1].issuer.url: Required value: expected the iss of the tokens, or spiffeTrustDomain instead of url',
      'issuers.yaml:17:3: issuers[1].roles: Invalid type: expected a list of role rules, got a mapping',
    ]);
  });

  it('are at most a hundred', () => {
    const many = Array.from({ length: 300 }, (_, n) => `k${n}: 1\n`).join('');
    expect(problemsOf(MINIMAL + many)).toHaveLength(100);
  });
});
