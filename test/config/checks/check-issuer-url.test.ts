// What issuer.url may be: an address where keys are looked for below it, and else any StringOrURI (RFC 7519 section 2).
import { describe, expect, it } from 'vitest';

import { loadKeySource } from '../../../src/policy/load-key-source.ts';
import { parseConfig } from '../../../src/config/parse-config.ts';
import { formatProblem } from '../../../src/config/problems.ts';
import { urlOf } from '../../../src/issuers/fetch-key-set.ts';

const DISCOVERY = 'https://login.example.com/adfs/.well-known/openid-configuration?appid=3333';

/** The entry as parsed, or its problems with their hints. */
function parse(url: string, more = '', discoveryURL = '') {
  const parsed = parseConfig(`apiVersion: pgtoken/v1
issuers:
- name: a
  issuer:
    url: ${JSON.stringify(url)}
    audiences: [postgres]
    ${discoveryURL === '' ? '' : `discoveryURL: ${discoveryURL}`}
  roles: [{claim: sub}]
  ${more}
`);
  return parsed.ok
    ? { entry: parsed.config.issuers[0]!, problems: [] }
    : {
        problems: parsed.problems.map((one) => [formatProblem('issuers.yaml', one), one.hint]),
      };
}

const PLACES = [
  ['a file', 'keys: {jwksFile: keys.json}', ''],
  ['jwksURI', 'keys: {jwksURI: "https://10.0.0.1/keys?p=b2c_1_signin"}', ''],
  ['discoveryURL', '', DISCOVERY],
] as const;

describe.each(PLACES)('with keys from %s', (_what, more, discoveryURL) => {
  it.each([
    'http://fs.example.com/adfs/services/trust',
    'kubernetes.default.svc',
    'accounts.google.com',
    'urn:example:issuer',
    'https://sso.example.com/realms/people?tenant=1#a',
    'https://alice@sso.example.com',
    'spiffe://example.org',
    'localhost:8080',
    'an issuer of ours',
    'münchen',
    'https://münchen.example/{x}',
    'https://[fd00::1]/a%20b',
  ])('the issuer may be %s, which is only compared', (url) => {
    expect(parse(url, more, discoveryURL)).toMatchObject({ entry: { issuer: { url } } });
  });

  it.each(['http://fs.example.com/a b', '10.0.0.1:8080', ':', 'a:\\b', 'urn:50%', 'ü:x'])(
    'the issuer %s is no StringOrURI',
    (url) => {
      const seen = JSON.stringify(url).replace('ü', String.raw`\u00fc`);
      expect(parse(url, more, discoveryURL).problems).toEqual([
        [
          `issuers.yaml:5:10: issuers[0].issuer.url: Invalid value: ${seen}: must be text without ":", or a URI (StringOrURI of RFC 7519)`,
          undefined,
        ],
      ]);
    },
  );

  it('shows no password of an issuer that is no StringOrURI', () => {
    const text = JSON.stringify(parse('https://user:secret@a b', more, discoveryURL));
    expect(text).toContain('it has a user');
    expect(text).not.toContain('secret');
  });
});

describe('without', () => {
  it.each([
    'http://fs.example.com/adfs/services/trust',
    'kubernetes.default.svc',
    'https://sso.example.com?tenant=1',
    'https://sso.example.com#a',
    'https://sso.example.com/a b',
    'urn:example:issuer',
  ])('%s is no issuer, as the keys are looked for below it', (url) => {
    expect(parse(url).problems).toEqual([
      [
        `issuers.yaml:5:10: issuers[0].issuer.url: Invalid value: ${JSON.stringify(url)}: must be an https:// URL without user, query or fragment`,
        'The keys are looked for below it. Where the iss of the tokens is no such URL, say where the keys are (keys), and it is only compared.',
      ],
    ]);
  });

  it('an empty issuer, and none, are told once', () => {
    expect(parse('').problems).toEqual([
      ['issuers.yaml:5:10: issuers[0].issuer.url: Required value: must not be empty', undefined],
    ]);
  });
});

describe('an address with a query', () => {
  it.each([
    'https://a.example/keys?p=b2c_1_signin',
    'https://a.example?a@b',
    'https://a.example/?',
  ])('may be where keys are: %s', (url) => {
    expect(parse('x', `keys: {jwksURI: "${url}"}`)).toMatchObject({
      entry: { keys: { jwksURI: url } },
    });
    expect(parse('x', '', `"${url}"`)).toMatchObject({
      entry: { issuer: { discoveryURL: url } },
    });
  });

  it.each([
    ['http://a.example/keys?p=1', '"http://a.example/keys?p=1":'],
    ['https://a.example/keys?p=1#x', '"https://a.example/keys?p=1#x":'],
    ['https://a.example/keys?a b', '"https://a.example/keys?a b":'],
    [String.raw`https://a.example?\\`, String.raw`"https://a.example?\\":`],
    ['https://?p=1', '"https://?p=1":'],
    ['https://user@a.example/keys?p=1', 'it has a user;'],
    ['https://user:secret?x@a.example', 'it has a user;'],
  ])('may not be %s', (url, seen) => {
    expect(parse('x', `keys: {jwksURI: "${url}"}`).problems[0]?.[0]).toMatch(
      `keys.jwksURI: Invalid value: ${seen} must be an https:// URL without user or fragment`,
    );
  });

  it('is no bundle endpoint', () => {
    const { problems } = parse('x', 'keys: {spiffeBundleURL: "https://a.example?x"}');
    expect(JSON.stringify(problems)).toContain(
      'must be an https:// URL without user, query or fragment',
    );
  });
});

it('asks nothing of an issuer whose keys are elsewhere', async () => {
  for (const [, more, discoveryURL] of PLACES.slice(1)) {
    const { entry } = parse('http://fs.example.com/adfs/services/trust', more, discoveryURL);
    const source = await loadKeySource(entry!.issuer, entry!.keys, '/', (_path, message) => {
      throw new Error(message);
    });
    expect(source.kind === 'remote' && urlOf(source.location)).toMatch(/^https:.*\?/);
  }
});
