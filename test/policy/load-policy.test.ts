// issuers.yaml and the files it names: keys that are pinned, certificate authorities, and who could have written them.
import { createHash } from 'node:crypto';
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { loadPolicy } from '../../src/policy/load-policy.ts';
import { formatProblem } from '../../src/config/problems.ts';
import { createCertificateAuthority } from '../support/certificate-authority.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { createMint, loadPrivateKeys } from '../vectors/tokens/mint.ts';

const mint = await createMint();
const privateKeys = await loadPrivateKeys();
const stack = new AsyncDisposableStack();
let base: string;
let folder: string;
let certificate: string;
let cases = 0;

beforeAll(async () => {
  base = stack.use(await createTemporaryFolder('policy')).path;
  certificate = stack.use(await createCertificateAuthority()).certificate;
});

beforeEach(async () => {
  cases += 1;
  folder = join(base, String(cases));
  await mkdir(folder, { mode: 0o755 });
});

afterAll(async () => {
  await stack.disposeAsync();
});

/** Puts a file beside issuers.yaml, with exactly this mode. */
async function place(name: string, content: string | Uint8Array, mode = 0o644): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  await chmod(path, mode);
  return path;
}

const CONFIG = (...more: readonly string[]): string =>
  [
    'apiVersion: pgtoken/v1',
    'issuers:',
    '- name: a',
    '  issuer:',
    '    url: https://a.example.com',
    '    audiences: [postgres]',
    ...more,
    '  roles:',
    '  - claim: sub',
    '',
  ].join('\n');
const PINNED = CONFIG('  keys: {jwksFile: keys.json}');
const WITH_CA = CONFIG().replace(
  '    audiences',
  '    certificateAuthorityFile: ca.pem\n    audiences',
);

async function load(text: string, mode = 0o644) {
  return loadPolicy(await place('issuers.yaml', text, mode));
}

/** The problems of a configuration, without the folder in front of its files. */
async function problemsOf(text: string, mode = 0o644): Promise<string[]> {
  const loaded = await load(text, mode);
  return loaded.ok
    ? []
    : loaded.problems.map((problem) =>
        formatProblem('issuers.yaml', problem).replaceAll(`${folder}/`, ''),
      );
}

it('reports the problems of the text, the schema, the patterns and the files at once', async () => {
  const text = [
    'apiVersion: pgtoken/v1',
    'apiVersion: pgtoken/v1',
    'issuers:',
    '- name: x_y',
    '  issuer:',
    '    url: https://a.example.com',
    '    audiences: [a]',
    '    certificateAuthority: nothing',
    '  roles:',
    "  - {claim: sub, pattern: '('}",
    "  - {claim: sub, patern: 'x'}",
    "  - {claim: sub, pattern: '(a)', role: '\\2'}",
    '- name: b',
    '  issuer: {url: https://b.example.com, audiences: []}',
    '  keys: {jwksFile: missing.json}',
    '  roles: [{claim: sub}]',
    '',
  ].join('\n');
  expect(await problemsOf(text)).toEqual([
    'issuers.yaml:2:1: Duplicate value: key "apiVersion" stands twice in the same mapping',
    'issuers.yaml:4:9: issuers[0].name: Invalid value: "x_y": must be a DNS label: lower-case letters, digits and "-", at most 63',
    'issuers.yaml:8:27: issuers[0].issuer.certificateAuthority: Invalid value: no certificate in PEM; expected -----BEGIN CERTIFICATE-----',
    'issuers.yaml:10:27: issuers[0].roles[0].pattern: Invalid value: not an RE2 regular expression: error parsing regexp: missing closing ): `(`',
    'issuers.yaml:11:18: issuers[0].roles[1].patern: Unknown field, did you mean "pattern"?',
    'issuers.yaml:12:40: issuers[0].roles[2].role: Invalid value: \\2 names no group; the pattern has 1, counted from \\1',
    'issuers.yaml:14:40: issuers[1].issuer.audiences: Required value: at least one audience is required, such as [postgres]',
    'issuers.yaml:15:20: issuers[1].keys.jwksFile: Invalid value: missing.json cannot be used: no such file',
  ]);
});

describe('a policy', () => {
  it('has the keys of a pinned file, and needs nothing else for them', async () => {
    const key = mint.publicKey('cluster-es256');
    await place('keys.json', JSON.stringify({ keys: [key] }));
    const loaded = await load(PINNED);
    expect(loaded).toMatchObject({
      ok: true,
      policy: {
        issuers: [{ name: 'a', keySource: { kind: 'pinned', keySet: { keys: [key] } } }],
        protectedRoles: ['postgres', 'root', 'pg_*'],
        maxTokenBytes: 16_384,
      },
      files: [join(folder, 'issuers.yaml'), join(folder, 'keys.json')],
    });
  });

  it('finds the files it names beside itself, or where they are', async () => {
    await mkdir(join(folder, 'sub'));
    await writeFile(
      join(folder, 'sub', 'keys.json'),
      JSON.stringify({ keys: [mint.publicKey('twin-a')] }),
    );
    await chmod(join(folder, 'sub', 'keys.json'), 0o644);
    for (const path of [
      'sub/keys.json',
      './sub/../sub/keys.json',
      join(folder, 'sub', 'keys.json'),
    ]) {
      expect(await load(PINNED.replace('keys.json', path))).toMatchObject({ ok: true });
    }
  });

  it.each([
    [
      'discovery below its URL',
      CONFIG(),
      {
        kind: 'discovery',
        issuerURL: 'https://a.example.com',
        discoveryURL: 'https://a.example.com/.well-known/openid-configuration',
      },
    ],
    [
      'discovery elsewhere',
      CONFIG().replace('    audiences', '    discoveryURL: https://b.example.com/d\n    audiences'),
      {
        kind: 'discovery',
        issuerURL: 'https://a.example.com',
        discoveryURL: 'https://b.example.com/d',
      },
    ],
    [
      'an address',
      CONFIG('  keys: {jwksURI: "https://b.example.com/keys"}'),
      { kind: 'jwks', jwksURI: 'https://b.example.com/keys' },
    ],
  ])('gets its keys by %s, trusting the system', async (_how, text, location) => {
    expect(await load(text)).toMatchObject({
      ok: true,
      policy: {
        issuers: [{ keySource: { kind: 'remote', location, certificateAuthority: undefined } }],
      },
    });
  });

  it('trusts the certificate authority that is written, in it or in a file', async () => {
    await place('ca.pem', `# a comment - with dashes --\n${certificate}${certificate}`);
    expect(await load(WITH_CA)).toMatchObject({
      ok: true,
      policy: {
        issuers: [
          {
            keySource: {
              certificateAuthority: `# a comment - with dashes --\n${certificate}${certificate}`,
            },
          },
        ],
      },
    });
    const inline = `    certificateAuthority: |\n${certificate.replaceAll(/^/gm, '      ').trimEnd()}\n`;
    expect(await load(CONFIG().replace('    audiences', `${inline}    audiences`))).toMatchObject({
      ok: true,
      policy: { issuers: [{ keySource: { certificateAuthority: certificate } }] },
    });
  });

  it('accepts the longest token of all its entries', async () => {
    const second = CONFIG('  token: {maxBytes: 20000}').replace('name: a', 'name: b');
    expect(
      await load(CONFIG('  token: {maxBytes: 300}') + second.split('\n').slice(2).join('\n')),
    ).toMatchObject({ ok: true, policy: { maxTokenBytes: 20_000 } });
  });

  it('without an entry looks at tokens of any length, as it is not that what is wrong with them', async () => {
    const loaded = await load('apiVersion: pgtoken/v1\nissuers: []\n');
    expect(loaded.ok && loaded.policy.maxTokenBytes).toBe(65_535);
  });

  it('that is wrong, or cannot be read, is to be watched all the same', async () => {
    const file = join(folder, 'issuers.yaml');
    expect(await loadPolicy(file)).toMatchObject({ ok: false, files: [file] });
    expect(await load('apiVersion: 1\n')).toMatchObject({ ok: false, files: [file] });
  });

  it('is missed with advice of its own, and what is there but cannot be used with that of any file', async () => {
    const missing = await loadPolicy(join(folder, 'issuers.yaml'));
    expect(missing.ok || missing.problems).toMatchObject([
      {
        message: 'cannot be used: no such file',
        hint: 'Check the path. pgtoken init writes the file for a known kind of issuer; docs/reference/configuration.md has all of its keys.',
      },
    ]);
    const open = await load(CONFIG(), 0o666);
    expect(open.ok || open.problems).toMatchObject([
      {
        hint: 'It must belong to root or to the user that runs pgtoken, and only its owner may write it.',
      },
    ]);
  });

  it('has roles by its rules', async () => {
    const loaded = await load(
      CONFIG().replace('  - claim: sub', "  - {claim: sub, pattern: 'u:(.*)', role: '\\1'}"),
    );
    expect(loaded.ok && loaded.policy.issuers[0]?.rolesOf({ sub: 'u:alice' })).toEqual(['alice']);
  });
});

async function reason(path: string): Promise<unknown> {
  const loaded = await loadPolicy(path);
  return loaded.ok ? 'ok' : loaded.problems.map(({ message }) => message);
}

describe('issuers.yaml', () => {
  it.each([
    [0o664, '0664'],
    [0o646, '0646'],
    [0o622, '0622'],
  ])('is not used with mode %o', async (mode, shown) => {
    expect(await problemsOf(CONFIG(), mode)).toEqual([
      `issuers.yaml:1:1: cannot be used: mode ${shown} lets group or others write it; expected only its owner to (chmod go-w)`,
    ]);
  });

  it('is not used when it is missing, a folder, too large or not UTF-8', async () => {
    expect(await reason(join(folder, 'none.yaml'))).toEqual(['cannot be used: no such file']);
    expect(await reason(folder)).toEqual(['cannot be used: expected a regular file']);
    expect(await reason(await place('large.yaml', `${CONFIG()}${'#'.repeat(1_048_576)}`))).toEqual([
      'cannot be used: over 1048576 bytes; expected at most that',
    ]);
    expect(
      await reason(await place('latin1.yaml', Buffer.from(`# caf\u{e9}\n${CONFIG()}`, 'latin1'))),
    ).toEqual(['cannot be used: expected UTF-8']);
  });

  it('may be a symbolic link into a folder, as in a mounted ConfigMap', async () => {
    await mkdir(join(folder, '..data'));
    await writeFile(join(folder, '..data', 'issuers.yaml'), CONFIG());
    await chmod(join(folder, '..data', 'issuers.yaml'), 0o644);
    await symlink('..data/issuers.yaml', join(folder, 'link.yaml'));
    expect(await loadPolicy(join(folder, 'link.yaml'))).toMatchObject({ ok: true });
  });
});

describe('pinned keys', () => {
  const RSA = mint.publicKey('cluster-rs256');
  const AT = 'issuers.yaml:7:20: issuers[0].keys.jwksFile: Invalid value: keys.json';

  it.each<readonly [what: string, content: unknown, problems: readonly string[]]>([
    ['no keys', { keys: [] }, [' has no keys; expected at least one']],
    [
      'no list of keys',
      { key: RSA },
      [' is no key set: it has no list of keys; expected a JWKS: {"keys": [...]}'],
    ],
    [
      'a private key',
      { keys: [RSA, privateKeys['twin-a']] },
      [': keys[1] is a private key; expected public keys only'],
    ],
    [
      'a symmetric key',
      { keys: [{ kty: 'oct', k: 'AAAA', alg: 'HS256' }] },
      [': keys[0] is a symmetric key; expected public keys only'],
    ],
    [
      'a short RSA key',
      { keys: [{ ...RSA, n: Buffer.alloc(128, 0xff).toString('base64url') }] },
      [': keys[0] is an RSA key of 1024 bits; expected 2048 to 8192'],
    ],
    [
      'several keys that cannot be used',
      { keys: ['x', { ...RSA, use: 'enc' }, RSA, { kty: 'other' }] },
      [
        ': keys[0] is not a JSON object',
        ': keys[1] has use "enc"; expected "sig"',
        ': keys[3] has kty "other"; expected RSA, EC, OKP or AKP',
      ],
    ],
    [
      'too many keys',
      { keys: Array.from({ length: 201 }, () => RSA) },
      [' is no key set: it has 201 keys; expected at most 200'],
    ],
  ])('are refused: %s', async (_what, content, problems) => {
    await place('keys.json', JSON.stringify(content));
    expect(await problemsOf(PINNED)).toEqual(problems.map((problem) => AT + problem));
  });

  it.each([
    ['', 'not valid JSON'],
    ['{"keys":[],"keys":[]}', 'a member stands twice in the same object'],
    ['[]', 'not a JSON object'],
    ['-----BEGIN PUBLIC KEY-----', 'not valid JSON'],
  ])('are JSON and not %j', async (text, problem) => {
    await place('keys.json', text);
    expect(await problemsOf(PINNED)).toEqual([`${AT} is no key set: ${problem}`]);
  });

  it('are refused in a file that is missing, or that others may write', async () => {
    expect(await problemsOf(PINNED)).toEqual([`${AT} cannot be used: no such file`]);
    await place('keys.json', JSON.stringify({ keys: [RSA] }), 0o666);
    expect(await problemsOf(PINNED)).toEqual([
      `${AT} cannot be used: mode 0666 lets group or others write it; expected only its owner to (chmod go-w)`,
    ]);
    await mkdir(join(folder, 'folder.json'));
    expect(await problemsOf(PINNED.replace('keys.json', 'folder.json'))).toEqual([
      `${AT.replace('keys.json', 'folder.json')} cannot be used: expected a regular file`,
    ]);
  });
});

const DOMAIN = (source: string): string =>
  CONFIG(`  keys: {${source}}`).replace(
    'url: https://a.example.com',
    'spiffeTrustDomain: a.example',
  );

describe('pinned keys of other forms', () => {
  const [BUNDLE, PEM] = ['spiffeBundleFile', 'publicKeysFile'].map(
    (key) => `issuers.yaml:7:${12 + key.length}: issuers[0].keys.${key}: Invalid value: `,
  );

  it('are read from a bundle and from PEM, and watched as the rest', async () => {
    const key = mint.publicKey('cluster-es256');
    await place('bundle.json', JSON.stringify({ keys: [{ ...key, use: 'jwt-svid' }] }));
    expect(await load(DOMAIN('spiffeBundleFile: bundle.json'))).toMatchObject({
      ok: true,
      policy: { issuers: [{ keySource: { kind: 'pinned', keySet: { keys: [key] } } }] },
      files: [join(folder, 'issuers.yaml'), join(folder, 'bundle.json')],
    });
    await place('keys.pem', certificate);
    expect(await load(CONFIG('  keys: {publicKeysFile: keys.pem}'))).toMatchObject({
      ok: true,
      policy: {
        issuers: [{ keySource: { kind: 'pinned', keySet: { keys: [{ crv: 'P-256' }] } } }],
      },
      files: [join(folder, 'issuers.yaml'), join(folder, 'keys.pem')],
    });
  });

  it('are refused where a bundle has none for JWT-SVIDs, or none that can be used', async () => {
    const key = mint.publicKey('cluster-es256');
    const text = DOMAIN('spiffeBundleFile: bundle.json');
    await place('bundle.json', JSON.stringify({ keys: [{ ...key, use: 'x509-svid' }] }));
    expect(await problemsOf(text)).toEqual([
      `${BUNDLE}bundle.json has no keys for JWT-SVIDs (use: jwt-svid); expected at least one`,
    ]);
    await place(
      'bundle.json',
      JSON.stringify({ keys: [key, { ...key, use: 'jwt-svid', kid: undefined }] }),
    );
    expect(await problemsOf(text)).toEqual([
      `${BUNDLE}bundle.json: keys[1] has no kid, which a key for JWT-SVIDs must have`,
    ]);
    await place('bundle.json', '[]');
    expect(await problemsOf(text)).toEqual([
      `${BUNDLE}bundle.json is no SPIFFE bundle: not a JSON object`,
    ]);
  });

  it('are refused where PEM holds what is no public key', async () => {
    const text = CONFIG('  keys: {publicKeysFile: keys.pem}');
    await place('keys.pem', 'x');
    expect(await problemsOf(text)).toEqual([
      `${PEM}keys.pem is no file of public keys: it has no PEM block; expected -----BEGIN PUBLIC KEY-----`,
    ]);
    await place('keys.pem', certificate, 0o666);
    expect(await problemsOf(text)).toEqual([
      `${PEM}keys.pem cannot be used: mode 0666 lets group or others write it; expected only its owner to (chmod go-w)`,
    ]);
  });

  it('with kid are as many as there are', async () => {
    const key = mint.publicKey('cluster-rs256');
    const named = Array.from({ length: 20 }, (_, n) => ({ ...key, kid: `k${n}` }));
    await place('keys.json', JSON.stringify({ keys: named }));
    expect(await problemsOf(PINNED)).toEqual([]);
  });

  it('that are private come with what that means, others do not', async () => {
    const weak = { ...mint.publicKey('cluster-rs256'), use: 'enc' };
    await place('keys.json', JSON.stringify({ keys: [privateKeys['cluster-rs256'], weak] }));
    const loaded = await load(PINNED);
    expect(!loaded.ok && loaded.problems.map(({ message, hint }) => [message, hint])).toEqual([
      [
        `Invalid value: ${join(folder, 'keys.json')}: keys[0] is a private key; expected public keys only`,
        'Whoever could read this file can sign tokens: have the issuer make another key.',
      ],
      [
        `Invalid value: ${join(folder, 'keys.json')}: keys[1] has use "enc"; expected "sig"`,
        "Take it out of the file, for example with jq 'del(.keys[1])'.",
      ],
    ]);
  });

  it('of a PEM file come without such advice, as the message says which block it is', async () => {
    const request =
      '-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----\n';
    await place('keys.pem', certificate + request);
    const loaded = await load(CONFIG('  keys: {publicKeysFile: keys.pem}'));
    expect(!loaded.ok && loaded.problems.map(({ message, hint }) => [message, hint])).toEqual([
      [
        `Invalid value: ${join(folder, 'keys.pem')}: keys[1] is a PEM block "CERTIFICATE REQUEST"; expected PUBLIC KEY, RSA PUBLIC KEY or CERTIFICATE`,
        undefined,
      ],
    ]);
  });

  it('without kid are at most as many as are tried', async () => {
    const text = CONFIG('  keys: {publicKeysFile: keys.pem}');
    await place('keys.pem', certificate.repeat(4));
    expect(await problemsOf(text)).toEqual([]);
    await place('keys.pem', certificate.repeat(5));
    expect(await problemsOf(text)).toEqual([
      `${PEM}keys.pem: more than 4 keys without kid for ES256; expected at most that`,
    ]);
  });
});

const patternProblem = (line: number): string =>
  `issuers.yaml:${line}:70: issuers[0].claimValidationRules[1].pattern: Invalid value: not an RE2 regular expression: error parsing regexp: missing closing ): \`(\``;

describe('an entry', () => {
  it('gets the keys of a trust domain from its bundle endpoint', async () => {
    const text = CONFIG('  keys: {spiffeBundleURL: "https://spire.example"}');
    expect(
      await load(text.replace('url: https://a.example.com', 'spiffeTrustDomain: a.example')),
    ).toMatchObject({
      ok: true,
      policy: {
        issuers: [
          {
            keySource: {
              kind: 'remote',
              location: { kind: 'spiffe-bundle', bundleURL: 'https://spire.example' },
            },
          },
        ],
      },
    });
  });

  it('asks with a token that may come later, and is not watched', async () => {
    const text = CONFIG('  keys: {jwksURI: "https://a.example.com/k", bearerTokenFile: token}');
    expect(await load(text)).toMatchObject({
      ok: true,
      policy: { issuers: [{ keySource: { bearerTokenFile: join(folder, 'token') } }] },
      files: [join(folder, 'issuers.yaml')],
    });
  });

  it('names an API server that reviews its tokens, with what it is trusted by', async () => {
    const review =
      '  review: {url: "https://10.0.0.10:6443/", bearerTokenFile: reviewer.token, onError: deny}';
    await place('ca.pem', certificate);
    await place('keys.json', JSON.stringify({ keys: [mint.publicKey('cluster-rs256')] }));
    const source = {
      url: 'https://10.0.0.10:6443',
      certificateAuthority: certificate,
      proxyURL: undefined,
      bearerTokenFile: join(folder, 'reviewer.token'),
      audiences: ['postgres'],
      cacheFor: 10,
      timeout: 2,
    };
    const trusting = (text: string): string =>
      text.replace('    audiences', '    certificateAuthorityFile: ca.pem\n    audiences');
    for (const keys of ['  cache: {refreshInterval: 1h}', '  keys: {jwksFile: keys.json}']) {
      const loaded = await load(trusting(CONFIG(keys, review)));
      expect(loaded.ok && loaded.policy.issuers[0]?.review).toEqual(source);
      // The token is read for each request, and may come later.
      expect(loaded.files).not.toContain(source.bearerTokenFile);
    }
    expect(
      await problemsOf(
        trusting(CONFIG('  keys: {jwksFile: keys.json}', review)).replace('ca.pem', 'none.pem'),
      ),
    ).toEqual([
      'issuers.yaml:6:31: issuers[0].issuer.certificateAuthorityFile: Invalid value: none.pem cannot be used: no such file',
    ]);
    const without = await load(CONFIG());
    expect(without.ok && without.policy.issuers[0]?.review).toBeUndefined();
  });

  it('may except from protection only what is protected', async () => {
    expect(await load(CONFIG('  allowProtectedRoles: [postgres, pg_monitor]'))).toMatchObject({
      ok: true,
    });
    expect(await problemsOf(CONFIG('  allowProtectedRoles: [pg_monitor, alice]'))).toEqual([
      'issuers.yaml:7:37: issuers[0].allowProtectedRoles[1]: Invalid value: "alice": not used, as protectedRoles does not protect it',
    ]);
    const text = CONFIG('  allowProtectedRoles: [postgres]').replace(
      'issuers:',
      'protectedRoles: [root]\nissuers:',
    );
    expect(await problemsOf(text)).toEqual([
      'issuers.yaml:8:25: issuers[0].allowProtectedRoles[0]: Invalid value: "postgres": not used, as protectedRoles does not protect it',
    ]);
  });

  it('protects the roles that the daemon acts as, where it acts on servers', async () => {
    const server =
      'servers: [{name: main, connection: host=/run/postgresql user=janitor}]\nissuers:';
    const loaded = await load(CONFIG().replace('issuers:', server));
    expect(loaded).toMatchObject({
      ok: true,
      policy: {
        protectedRoles: ['postgres', 'root', 'pg_*', 'pgtoken', 'pgtoken_*', 'janitor'],
      },
    });
  });

  it('has patterns of claim rules compiled, wherever else it is wrong', async () => {
    const rules = "  claimValidationRules: [{claim: a, pattern: x}, {claim: b, pattern: '('}]";
    expect(await problemsOf(CONFIG(rules))).toEqual([patternProblem(7)]);
    expect(await problemsOf(CONFIG('  extra: 1', rules))).toEqual([
      'issuers.yaml:7:3: issuers[0].extra: Unknown field, known here: allowProtectedRoles, cache, claimValidationRules, deny, http, issuer, keys, name, oauth, pam, provision, review, roles, sessions, token',
      patternProblem(8),
    ]);
  });

  it('has roles that are shortened', async () => {
    const long = 'x'.repeat(80);
    const loaded = await load(
      CONFIG().replace('  - claim: sub', '  - {claim: sub, shorten: true}'),
    );
    const [role] = (loaded.ok && loaded.policy.issuers[0]?.rolesOf({ sub: long })) || [];
    expect(role).toBe(
      `${'x'.repeat(54)}_${createHash('sha256').update(long).digest('hex').slice(0, 8)}`,
    );
  });
});

describe('a certificate authority', () => {
  const AT = 'issuers.yaml:6:31: issuers[0].issuer.certificateAuthorityFile: Invalid value: ca.pem';
  const NONE = 'no certificate in PEM; expected -----BEGIN CERTIFICATE-----';
  const BROKEN = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';

  it.each([
    ['nothing', () => '', [NONE]],
    ['text', () => 'hello', [NONE]],
    [
      'a private key',
      () => '-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n',
      [NONE],
    ],
    ['a broken certificate', () => BROKEN, ['certificate 1 cannot be read; expected X.509 in PEM']],
    [
      'a broken certificate behind a good one',
      () => certificate + BROKEN,
      ['certificate 2 cannot be read; expected X.509 in PEM'],
    ],
    [
      'a broken certificate before a good one',
      () => BROKEN + certificate + BROKEN,
      [
        'certificate 1 cannot be read; expected X.509 in PEM',
        'certificate 3 cannot be read; expected X.509 in PEM',
      ],
    ],
    ['a certificate that was cut', () => certificate.slice(0, 300), [NONE]],
    [
      'a certificate that was cut before a good one',
      () => `${certificate.slice(0, 300)}\n${certificate}`,
      ['a PEM block that is no whole certificate; expected certificates only'],
    ],
    [
      'a certificate behind a sign that takes it out',
      () => `${certificate}#${certificate}`,
      ['a certificate that does not begin on a line of its own'],
    ],
    [
      'a certificate that is indented',
      () => `  ${certificate}`,
      ['a certificate that does not begin on a line of its own'],
    ],
    [
      'a private key behind a good one, without a line break',
      () =>
        `${certificate.trimEnd()}-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n`,
      ['a PEM block that is no whole certificate; expected certificates only'],
    ],
    [
      'a private key behind a good one',
      () => `${certificate}-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n`,
      ['a PEM block that is no whole certificate; expected certificates only'],
    ],
  ])('is refused: %s', async (_what, content, problems) => {
    await place('ca.pem', content());
    expect(await problemsOf(WITH_CA)).toEqual(problems.map((problem) => `${AT}: ${problem}`));
  });

  it.each([
    ['several', () => certificate + certificate],
    ['several without a line break between them', () => certificate.trimEnd() + certificate],
    ['text around them', () => `our authority:\n${certificate}and no more\n`],
    ['lines as Windows ends them', () => certificate.replaceAll('\n', '\r\n')],
    ['a byte order mark', () => `\u{feff}${certificate}`],
  ])('may be a file with %s', async (_what, content) => {
    await place('ca.pem', content());
    expect(await problemsOf(WITH_CA)).toEqual([]);
  });

  it('is refused inline with its place', async () => {
    const text = CONFIG().replace(
      '    audiences',
      '    certificateAuthority: hello\n    audiences',
    );
    expect(await problemsOf(text)).toEqual([
      `issuers.yaml:6:27: issuers[0].issuer.certificateAuthority: Invalid value: ${NONE}`,
    ]);
  });

  it('is refused in a file that is missing, or that others may write', async () => {
    expect(await problemsOf(WITH_CA)).toEqual([`${AT} cannot be used: no such file`]);
    await place('ca.pem', certificate, 0o664);
    expect(await problemsOf(WITH_CA)).toEqual([
      `${AT} cannot be used: mode 0664 lets group or others write it; expected only its owner to (chmod go-w)`,
    ]);
  });
});

it('reports the problems of all files and patterns at once', async () => {
  const text = [
    'apiVersion: pgtoken/v1',
    'issuers:',
    '- name: a',
    '  issuer: {url: "https://a.example.com", audiences: [x]}',
    '  keys: {jwksFile: none.json}',
    '  roles:',
    "  - {claim: sub, pattern: '('}",
    '- name: b',
    '  issuer: {url: "https://b.example.com", audiences: [x], certificateAuthorityFile: none.pem}',
    '  roles:',
    "  - {claim: sub, pattern: '(a)', role: [x, '\\2']}",
    '',
  ].join('\n');
  expect(await problemsOf(text)).toEqual([
    'issuers.yaml:5:20: issuers[0].keys.jwksFile: Invalid value: none.json cannot be used: no such file',
    'issuers.yaml:7:27: issuers[0].roles[0].pattern: Invalid value: not an RE2 regular expression: error parsing regexp: missing closing ): `(`',
    'issuers.yaml:9:84: issuers[1].issuer.certificateAuthorityFile: Invalid value: none.pem cannot be used: no such file',
    'issuers.yaml:11:44: issuers[1].roles[0].role[1]: Invalid value: \\2 names no group; the pattern has 1, counted from \\1',
  ]);
});
