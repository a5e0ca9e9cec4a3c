// Tokens of a real Kubernetes API server with the clock of their recording; test/vectors/kubernetes/README.md says what
// each of them is.
import { chmod, copyFile, glob, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { authorize } from '../../src/decide/authorize.ts';
import type { Decision } from '../../src/decide/decision.ts';
import { loadPolicy } from '../../src/policy/load-policy.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { refuse } from '../../src/errors.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { loadPolicies } from '../policy/load-policies.ts';

const RECORDED = join(import.meta.dirname, '../vectors/kubernetes/cluster-a');
const recordedAt = Number(await readFile(join(RECORDED, 'recorded-at'), 'utf8'));

const issuersYAML = (maxLifetime: string) => `apiVersion: pgtoken/v1
issuers:
- name: homelab
  issuer:
    url: https://k8s-oidc.example.com
    audiences: [postgres]
  keys:
    jwksFile: jwks.json
  token:
    maxLifetime: ${maxLifetime}
  roles:
  - claim: sub
    trimPrefix: "system:serviceaccount:"
`;

const stack = new AsyncDisposableStack();
let usual: Policy;
let patient: Policy;

beforeAll(async () => {
  const folder = stack.use(await createTemporaryFolder('kubernetes'));
  await copyFile(join(RECORDED, 'jwks.json'), join(folder.path, 'jwks.json'));
  await chmod(join(folder.path, 'jwks.json'), 0o644);
  const load = async (name: string, maxLifetime: string): Promise<Policy> => {
    await writeFile(join(folder.path, name), issuersYAML(maxLifetime), { mode: 0o644 });
    const loaded = await loadPolicy(join(folder.path, name));
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
    return loaded.policy;
  };
  usual = await load('usual.yaml', '24h');
  patient = await load('patient.yaml', '366d');
});

afterAll(async () => {
  await stack.disposeAsync();
});

async function recorded(name: string): Promise<string> {
  return (await readFile(join(RECORDED, `${name}.jwt`), 'utf8')).trimEnd();
}

async function decide(
  password: string,
  role: string,
  policy: Policy,
  now = recordedAt,
): Promise<Decision> {
  const { decision } = await authorize(
    { role, service: 'postgresql', source: undefined, password },
    policy,
    {
      clock: () => now,
      keysOf: async ({ keySource }) =>
        keySource.kind === 'pinned' ? keySource.keySet : refuse('ERR_INTERNAL', 'not pinned'),
    },
  );
  return decision;
}

const GRANTED = [
  ['bound-sa', 'foo:myservice'],
  ['two-audiences', 'foo:reporting'],
  ['other-namespace', 'team-a:billing'],
  ['other-key-es256', 'foo:myservice'],
] as const;

const YEAR = {
  code: 'ERR_TOKEN_LIFETIME',
  message: 'the token is valid for 365 d (exp - iat); expected at most 24 h (token.maxLifetime)',
  hint: 'Ask for a token with a shorter lifetime; kubectl create token --duration, or expirationSeconds other than 3607.',
};
const audience = (seen: string) => ({
  code: 'ERR_AUDIENCE_MISMATCH',
  message: `aud is "${seen}"; expected "postgres"`,
});
const LONG_ROLE = `${'n'.repeat(60)}:${'s'.repeat(120)}`;
const TOO_LONG = {
  code: 'ERR_ROLE_TOO_LONG',
  message: `the token maps to role "${LONG_ROLE.slice(0, 80)}"... (181 characters) of 181 bytes; PostgreSQL's role names have at most 63`,
};

const REFUSED = [
  ['one-year', 'foo:myservice', YEAR],
  ['bound-pod', 'foo:myservice', YEAR],
  ['api-audience', 'foo:myservice', audience('https://k8s-oidc.example.com')],
  ['other-audience', 'foo:myservice', audience('vault')],
  ['superstring-audience', 'foo:myservice', audience('postgres-admin')],
  ['long-names', LONG_ROLE, TOO_LONG],
  ['long-names', LONG_ROLE.slice(0, 63), TOO_LONG],
  [
    'bound-sa',
    'foo:reporting',
    {
      code: 'ERR_ROLE_NOT_PERMITTED',
      message: 'role "foo:reporting" asked for, and the token may only be "foo:myservice"',
    },
  ],
] as const;

/** The API server's keys by their algorithms; one token is signed with the second of them. */
function invalidSignature(name: string): string {
  const [kid, alg] =
    name === 'other-key-es256'
      ? ['xblnqzgwDSBEPCKTgprCpfjmoXbVw1yyLCqJqu_YTnY', 'ES256']
      : ['Gj-gh3dcuGZbo75jgFw0yXoExCqG6Fki-VveYwyk4yU', 'RS256'];
  return `the signature does not verify with the issuer's key "${kid}" (${alg})`;
}

describe('tokens recorded from a Kubernetes API server', () => {
  it('are all judged here', async () => {
    const files = await Array.fromAsync(glob('*.jwt', { cwd: RECORDED }));
    const judged = new Set([...GRANTED, ...REFUSED].map(([name]) => `${name}.jwt`));
    expect(files.toSorted()).toEqual([...judged].toSorted());
  });

  it.each(GRANTED)('%s.jwt may be %s', async (name, role) => {
    expect(await decide(await recorded(name), role, usual)).toEqual({
      granted: true,
      issuer: 'homelab',
      role,
    });
  });

  it.each(REFUSED)('%s.jwt may not be %s', async (name, role, refusal) => {
    expect(await decide(await recorded(name), role, usual)).toMatchObject({
      granted: false,
      ...refusal,
    });
  });

  it.each(['one-year', 'bound-pod'])(
    '%s.jwt may be foo:myservice where a lifetime of a year is accepted',
    async (name) => {
      expect(await decide(await recorded(name), 'foo:myservice', patient)).toMatchObject({
        granted: true,
      });
    },
  );

  it.each([
    ['granted', 591, undefined],
    [
      'refused',
      623,
      {
        granted: false,
        code: 'ERR_TOKEN_EXPIRED',
        message:
          'the token expired 31 s ago (exp 2026-11-22T05:38:44Z, now 2026-11-22T05:39:15Z, clockSkew 30 s)',
      },
    ],
  ])('bound-sa.jwt is %s %d seconds after the recording', async (_outcome, seconds, refusal) => {
    expect(
      await decide(await recorded('bound-sa'), 'foo:myservice', usual, recordedAt + seconds),
    ).toMatchObject(refusal ?? { granted: true });
  });

  it.each([...GRANTED, ...REFUSED].map(([name, role]) => [name, role] as const))(
    '%s.jwt with another audience, subject and time written into it may not be %s',
    async (name, role) => {
      const [header = '', claims = '', signature = ''] = (await recorded(name)).split('.');
      const changed = Buffer.from(claims, 'base64url')
        .toString()
        .replace(/"aud":\[[^\]]*\]/, '"aud":["postgres"]')
        .replace(/"exp":\d+/, `"exp":${recordedAt + 601}`)
        .replace(/"sub":"[^"]*"/, `"sub":"system:serviceaccount:${role}"`);
      const forged = `${header}.${Buffer.from(changed).toString('base64url')}.${signature}`;
      expect(await decide(forged, role, usual)).toMatchObject({
        granted: false,
        code: 'ERR_SIGNATURE_INVALID',
        message: invalidSignature(name),
      });
    },
  );

  it.each(GRANTED)(
    '%s.jwt with one character of its signature changed may not be %s',
    async (name, role) => {
      const token = await recorded(name);
      const at = token.lastIndexOf('.') + 10;
      const forged =
        token.slice(0, at) + (token.charAt(at) === 'A' ? 'B' : 'A') + token.slice(at + 1);
      expect(await decide(forged, role, usual)).toMatchObject({
        granted: false,
        code: 'ERR_SIGNATURE_INVALID',
        message: invalidSignature(name),
      });
    },
  );

  it("another cluster's keys verify none of them", async () => {
    const keys = usual.issuers[0]?.keySource;
    expect(keys).toMatchObject({ kind: 'pinned', keySet: { keys: [{}, {}] } });
    const others = await loadPolicies(['cluster']);
    const entry = { ...usual.issuers[0]!, keySource: others.get('cluster')!.issuers[0]!.keySource };
    for (const [name, role] of GRANTED) {
      expect(
        await decide(await recorded(name), role, { ...usual, issuers: [entry] }),
      ).toMatchObject({
        granted: false,
        code: 'ERR_KEY_UNKNOWN',
        message: expect.stringMatching(
          /^the issuer has 8 keys, none with kid "[\w-]{43}"$/,
        ) as unknown,
      });
    }
  });
});
