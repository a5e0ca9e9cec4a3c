// What an explanation is told: every step that the decision went through, in its order, by the code that decides.
import { describe, expect, it } from 'vitest';

import { authorize } from '../../src/decide/authorize.ts';
import type { AuthorizeOptions } from '../../src/decide/authorize-options.ts';
import { createVerifiedTokens } from '../../src/decide/verified-tokens.ts';
import type { TraceStep } from '../../src/decide/trace.ts';
import { refuse } from '../../src/errors.ts';
import { createMint, NOW, type TokenOptions } from '../vectors/tokens/mint.ts';
import { loadVectorFiles } from '../vectors/tokens/vector.ts';
import { loadPolicies } from '../policy/load-policies.ts';

const mint = await createMint();
const files = await loadVectorFiles();
const vectors = files.flatMap((file) => file.vectors);
const policies = await loadPolicies(vectors.map((vector) => vector.policy));

const keysOf: AuthorizeOptions['keysOf'] = async ({ keySource }) =>
  keySource.kind === 'pinned' ? keySource.keySet : refuse('ERR_INTERNAL', 'not pinned');

async function explain(
  options: {
    readonly policy?: string;
    readonly role?: string;
    readonly token?: TokenOptions;
    readonly password?: string;
    readonly verifiedTokens?: NonNullable<AuthorizeOptions['verifiedTokens']>;
  } = {},
) {
  const steps: TraceStep[] = [];
  const { decision } = await authorize(
    {
      role: options.role ?? 'foo:myservice',
      service: 'postgresql',
      source: '10.0.0.7',
      password: options.password ?? mint.token(options.token),
    },
    policies.get(options.policy ?? 'cluster')!,
    {
      clock: () => NOW,
      keysOf,
      trace: (step) => steps.push(step),
      ...(options.verifiedTokens === undefined ? {} : { verifiedTokens: options.verifiedTokens }),
    },
  );
  return { decision, steps };
}

const named = (steps: readonly TraceStep[]): string[] =>
  steps.map(({ issuer, step, refusal }) =>
    [issuer, step, refusal?.code].filter((part) => part !== undefined).join(' '),
  );

describe('a trace', () => {
  it('says of an only key that it is one', async () => {
    const { steps } = await explain({
      policy: 'nameless',
      token: { key: 'nameless-rs256', header: { kid: undefined } },
    });
    expect(steps.find(({ step }) => step === 'keys')).toMatchObject({
      seen: '1 key of the issuer',
      refusal: undefined,
    });
  });

  it('of a grant has every step, with what was expected and what was seen', async () => {
    const { steps } = await explain();
    expect(steps.map(({ issuer, step, expected, seen }) => [issuer, step, expected, seen])).toEqual(
      [
        [
          undefined,
          'token',
          'one whole JWT, signed with a public-key algorithm',
          `${mint.token().length} bytes, alg RS256, kid "cluster-rs256"`,
        ],
        [undefined, 'candidates', 'entries whose issuer is that of the token', 'cluster'],
        ['cluster', 'size', 'at most 16384 bytes', `${mint.token().length} bytes`],
        [
          'cluster',
          'alg',
          'RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, Ed25519',
          'RS256',
        ],
        ['cluster', 'keys', 'keys of the issuer', '8 keys of the issuer'],
        [
          'cluster',
          'kid',
          'one of "cluster-rs256", "cluster-ps256", "cluster-rsa", "cluster-rs512", "cluster-es256", "cluster-es384", "cluster-es512", "cluster-eddsa"',
          '"cluster-rs256"',
        ],
        ['cluster', 'signature', 'RS256 by a key of the issuer', 'valid'],
        ['cluster', 'iss', '"https://k8s.example.com"', '"https://k8s.example.com"'],
        ['cluster', 'aud', '"postgres"', '["postgres"]'],
        ['cluster', 'sub', 'text', '"system:serviceaccount:foo:myservice"'],
        [
          'cluster',
          'times',
          'exp, and each time a number (NumericDate)',
          'exp 1767226140, nbf 1767225540, iat 1767225540',
        ],
        ['cluster', 'exp', 'not in the past, clockSkew 30 s', '2026-01-01T00:09:00Z, in 9 min'],
        ['cluster', 'nbf', 'not in the future, clockSkew 30 s', '2025-12-31T23:59:00Z, 60 s ago'],
        ['cluster', 'iat', 'not in the future, clockSkew 30 s', '2025-12-31T23:59:00Z, 60 s ago'],
        ['cluster', 'lifetime', 'at most 24 h (token.maxLifetime)', '10 min'],
        ['cluster', 'typ', 'none, or one of JWT, JOSE, at+jwt', '"JWT"'],
        ['cluster', 'cnf', 'none', 'none'],
        ['cluster', 'role', '"foo:myservice"', 'the token may be "foo:myservice"'],
      ],
    );
    expect(steps.filter(({ refusal }) => refusal !== undefined)).toEqual([]);
  });

  it('of a password that is no token ends with that', async () => {
    const { decision, steps } = await explain({ password: 'hunter2' });
    expect(named(steps)).toEqual(['token ERR_NOT_A_TOKEN']);
    expect(steps.at(-1)?.refusal).toBe(decision);
  });

  it('of a token of another issuer ends with the candidates', async () => {
    const { decision, steps } = await explain({ token: { claims: { iss: 'https://x.example' } } });
    expect(named(steps)).toEqual(['token', 'candidates ERR_ISSUER_UNKNOWN']);
    expect(steps.at(-1)).toMatchObject({
      seen: 'none for iss "https://x.example", sub "system:serviceaccount:foo:myservice"',
      refusal: decision,
    });
  });

  it('goes on with the next entry after the first step that failed', async () => {
    const { steps } = await explain({
      policy: 'two-clusters',
      role: 'b_foo_myservice',
      token: { key: 'other-rs256' },
    });
    expect(named(steps).slice(0, 8)).toEqual([
      'token',
      'candidates',
      'cluster-a size',
      'cluster-a alg',
      'cluster-a keys',
      'cluster-a kid ERR_KEY_UNKNOWN',
      'cluster-b size',
      'cluster-b alg',
    ]);
    expect(named(steps).at(-1)).toBe('cluster-b role');
  });

  it('of an issuer whose keys are not to be had ends with that', async () => {
    const refusal = refuse('ERR_KEYS_UNAVAILABLE', 'no keys');
    const steps: TraceStep[] = [];
    await authorize(
      { role: 'x', service: 'postgresql', source: undefined, password: mint.token() },
      policies.get('cluster')!,
      { clock: () => NOW, keysOf: async () => refusal, trace: (step) => steps.push(step) },
    );
    expect(steps.at(-1)).toEqual({
      issuer: 'cluster',
      step: 'keys',
      expected: 'keys of the issuer',
      seen: 'none',
      refusal,
    });
  });

  it('says what was seen where a step failed, or where there is nothing to see', async () => {
    const seen = async (step: string, options: Parameters<typeof explain>[0]) =>
      (await explain(options)).steps.find((one) => one.step === step)?.seen;
    expect(await seen('token', { password: 'hunter2' })).toBe('none');
    expect(await seen('candidates', { policy: 'two-clusters' })).toBe('cluster-a, cluster-b');
    expect(await seen('kid', { token: { header: { kid: undefined } } })).toBe('none');
    expect(
      await seen('signature', {
        token: { key: 'attacker-rs256', header: { kid: 'cluster-rs256' } },
      }),
    ).toBe('not valid');
    expect(await seen('role', { token: { claims: { sub: 'alice' } } })).toBe(
      'the token may be nobody',
    );
    const { steps } = await explain({ policy: 'nameless', token: { key: 'nameless-rs256' } });
    expect(steps.find(({ step }) => step === 'kid')?.expected).toBe('"without kid"');
  });

  it('of a token that is too long for its entry ends with its size', async () => {
    const policy = policies.get('cluster')!;
    const [issuer] = policy.issuers;
    const entry = { ...issuer!.entry, token: { ...issuer!.entry.token, maxBytes: 100 } };
    const steps: TraceStep[] = [];
    await authorize(
      { role: 'x', service: 'postgresql', source: undefined, password: mint.token() },
      { ...policy, issuers: [{ ...issuer!, entry }] },
      { clock: () => NOW, keysOf, trace: (step) => steps.push(step) },
    );
    expect(named(steps)).toEqual(['token', 'candidates', 'cluster size ERR_TOKEN_TOO_LARGE']);
  });

  it('says where a signature was not checked again', async () => {
    const verifiedTokens = createVerifiedTokens();
    await explain({ verifiedTokens });
    const { steps } = await explain({ verifiedTokens });
    expect(steps.find(({ step }) => step === 'signature')?.seen).toBe('valid, as before');
  });
});

describe('of every token vector', () => {
  it.each(vectors)('$name', async ({ policy, now, request, password, expected }) => {
    const steps: TraceStep[] = [];
    const world = { clock: () => now, keysOf };
    const login = { source: undefined, ...request, password };
    const traced = await authorize(login, policies.get(policy)!, {
      ...world,
      trace: (step) => steps.push(step),
    });

    // It changes nothing, and the refusal that is told is one of its steps.
    expect(traced).toEqual(await authorize(login, policies.get(policy)!, world));
    const failed = steps.filter(({ refusal }) => refusal !== undefined);
    const codeOf = ({ refusal }: TraceStep) => refusal?.code;
    const last = steps.at(-1);
    const outcome = 'granted' in expected ? [last?.issuer, last?.step] : failed.map(codeOf);
    const wanted = 'granted' in expected ? [expected.issuer, 'role'] : [expected.code];
    expect(last?.refusal === undefined).toBe('granted' in expected);
    expect(outcome).toEqual(expect.arrayContaining(wanted));
    // Each entry ends with its first step that failed.
    const entries = failed.map(({ issuer }) => issuer);
    expect(new Set(entries).size).toBe(entries.length);

    // No part of the token is told.
    const told = JSON.stringify(steps);
    const parts = password.split('.').filter((part) => part.length >= 8);
    expect(parts.filter((part) => told.includes(part.slice(0, 8)))).toEqual([]);
  });
});
