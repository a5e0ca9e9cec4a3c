// The pipeline as a whole: what is asked in which order, and which of several refusals is told. Single refusals are in the
// token vectors.
import { describe, expect, it } from 'vitest';

import { authorize } from '../../src/decide/authorize.ts';
import type { AuthorizeOptions } from '../../src/decide/authorize-options.ts';
import type { Issuer, Policy } from '../../src/policy/policy.ts';
import { createVerifiedTokens } from '../../src/decide/verified-tokens.ts';
import { refuse, type Refusal } from '../../src/errors.ts';
import type { KeySet } from '../../src/keys/formats/parse-key-set.ts';
import type { TraceStep } from '../../src/decide/trace.ts';
import { createMint, NOW, type TokenOptions } from '../vectors/tokens/mint.ts';
import { loadPolicies } from '../policy/load-policies.ts';

const mint = await createMint();
const policies = await loadPolicies(['cluster', 'two-clusters', 'two-policies', 'tight']);
const DOWN = refuse('ERR_KEYS_UNAVAILABLE', 'the issuer is down');

interface Login {
  readonly policy?: Policy;
  readonly role?: string;
  readonly token?: TokenOptions;
  readonly password?: string;
  readonly now?: number;
  /** The keys of an entry; default: those its policy pins. */
  readonly keys?: (issuer: Issuer) => KeySet | Refusal;
  /** The keys of an entry once those from before have failed; default: the same. */
  readonly newKeys?: (issuer: Issuer) => KeySet | Refusal;
  readonly steps?: TraceStep[];
  readonly verifiedTokens?: AuthorizeOptions['verifiedTokens'];
  readonly hasCachedKey?: NonNullable<AuthorizeOptions['hasCachedKey']>;
}

function policyOf(name: string): Policy {
  return policies.get(name)!;
}

function pinnedKeys({ keySource }: Issuer): KeySet {
  if (keySource.kind !== 'pinned') throw new Error('not pinned');
  return keySource.keySet;
}

async function login(options: Login = {}) {
  const asked: unknown[] = [];
  let renewed = false;
  const decided = await authorize(
    {
      role: options.role ?? 'foo:myservice',
      service: 'postgresql',
      source: undefined,
      password: options.password ?? mint.token(options.token),
    },
    options.policy ?? policyOf('cluster'),
    {
      clock: () => options.now ?? NOW,
      keysOf: async (issuer, { keyID, algorithm, failed }) => {
        asked.push([issuer.name, keyID, algorithm, ...(failed === undefined ? [] : ['again'])]);
        renewed ||= failed !== undefined;
        const { keys = pinnedKeys, newKeys = keys } = options;
        return (renewed ? newKeys : keys)(issuer);
      },
      ...(options.steps === undefined ? {} : { trace: (step) => options.steps?.push(step) }),
      ...(options.verifiedTokens === undefined ? {} : { verifiedTokens: options.verifiedTokens }),
      ...(options.hasCachedKey === undefined ? {} : { hasCachedKey: options.hasCachedKey }),
    },
  );
  return { ...decided, asked };
}

function broken(): never {
  throw new TypeError('a defect');
}

describe('a decision', () => {
  it('that grants says by which entry, for which role, and on which token', async () => {
    const { decision, issuer, token, verified, asked } = await login();
    expect(decision).toEqual({ granted: true, issuer: 'cluster', role: 'foo:myservice' });
    expect({ issuer, verified }).toEqual({ issuer: 'cluster', verified: true });
    expect(token?.claims).toEqual(mint.defaultClaims());
    expect(asked).toEqual([['cluster', 'cluster-rs256', 'RS256']]);
  });

  it('about what is no token asks nobody for keys', async () => {
    for (const password of ['', 'hunter2', 'eyJ', mint.token().slice(0, 511), 'x'.repeat(70_000)]) {
      expect(await login({ password })).toMatchObject({
        decision: { granted: false },
        issuer: undefined,
        token: undefined,
        verified: false,
        asked: [],
      });
    }
  });

  it('about a token of an unknown issuer asks nobody for keys', async () => {
    expect(await login({ token: { claims: { iss: 'https://x.example.com' } } })).toMatchObject({
      decision: {
        code: 'ERR_ISSUER_UNKNOWN',
        message:
          'issuer "https://x.example.com" is not configured; expected "https://k8s.example.com"',
      },
      issuer: undefined,
      verified: false,
      asked: [],
    });
  });

  it('about a token that the entry would not accept in any case asks nobody for keys', async () => {
    const policy = policyOf('tight');
    expect(await login({ policy, token: { key: 'cluster-eddsa' } })).toMatchObject({
      decision: {
        code: 'ERR_ALGORITHM_NOT_ALLOWED',
        message: 'the token is signed with alg EdDSA; expected ES256 (token.algorithms)',
      },
      issuer: 'tight',
      verified: false,
      asked: [],
    });
  });

  it('is "cannot decide" when there are no keys to decide by', async () => {
    const { decision, verified } = await login({ keys: () => DOWN });
    expect(decision).toBe(DOWN);
    expect(verified).toBe(false);
  });

  it.each<
    readonly [what: string, options: Login, code: string, message: string, verified: boolean]
  >([
    [
      'of an unknown key',
      { token: { header: { kid: 'x' } } },
      'ERR_KEY_UNKNOWN',
      'the issuer has 8 keys, none with kid "x"',
      false,
    ],
    [
      'with a forged signature',
      { token: { key: 'attacker-rs256', header: { kid: 'cluster-rs256' } } },
      'ERR_SIGNATURE_INVALID',
      'the signature does not verify with the issuer\'s key "cluster-rs256" (RS256)',
      false,
    ],
    [
      'for another audience',
      { token: { claims: { aud: 'vault' } } },
      'ERR_AUDIENCE_MISMATCH',
      'aud is "vault"; expected "postgres"',
      true,
    ],
    [
      'for another role',
      { role: 'x' },
      'ERR_ROLE_NOT_PERMITTED',
      'role "x" asked for, and the token may only be "foo:myservice"',
      true,
    ],
  ])(
    'knows whether the token that it refuses is genuine: %s',
    async (_what, options, code, message, verified) => {
      expect(await login(options)).toMatchObject({
        decision: { granted: false, code, message },
        issuer: 'cluster',
        verified,
      });
    },
  );

  it('is made with no key at all when the issuer has none', async () => {
    expect(await login({ keys: () => ({ keys: [] }) })).toMatchObject({
      decision: {
        code: 'ERR_KEY_UNKNOWN',
        message: 'the issuer has 0 keys, none with kid "cluster-rs256"',
      },
    });
    expect(
      await login({ token: { header: { kid: undefined } }, keys: () => ({ keys: [] }) }),
    ).toMatchObject({
      decision: {
        code: 'ERR_KEY_UNKNOWN',
        message:
          'the token names no key (kid), and 0 keys of the issuer fit its alg RS256; expected a kid',
      },
    });
  });

  it('is refused without an entry', async () => {
    expect(await login({ policy: { ...policyOf('cluster'), issuers: [] } })).toMatchObject({
      decision: {
        code: 'ERR_ISSUER_UNKNOWN',
        message: `issuer "https://k8s.example.com" is not configured; issuers.yaml names no issuer`,
      },
    });
  });

  it('is never a grant when getting the keys fails in a way that nobody foresaw', async () => {
    await expect(login({ keys: broken })).rejects.toThrow(TypeError);
  });
});

describe('a role that no rule yields', () => {
  const policy = policyOf('cluster');
  const [issuer] = policy.issuers;
  const entry = { ...issuer!.entry, roles: [{ claim: 'groups', shorten: false }] };
  const byGroups: Policy = { ...policy, issuers: [{ ...issuer!, entry }] };
  const overage = { claims: { hasgroups: true } };

  it('is explained by a claim that the token only points to', async () => {
    expect(await login({ policy: byGroups, role: 'x', token: overage })).toMatchObject({
      decision: {
        code: 'ERR_CLAIM_MISSING',
        message:
          'the token does not hold "groups" but says that there are some (hasgroups); expected them in the token',
      },
      verified: true,
    });
  });

  it('is refused as ever where the token points to none', async () => {
    expect(await login({ policy: byGroups, role: 'x' })).toMatchObject({
      decision: {
        code: 'ERR_ROLE_NOT_PERMITTED',
        message: 'role "x" asked for, and the token may only be "foo:myservice"',
      },
    });
  });

  it('changes nothing about one that is granted, or protected', async () => {
    expect(await login({ policy: byGroups, token: overage })).toMatchObject({
      decision: { granted: true },
    });
    expect(await login({ policy: byGroups, role: 'postgres', token: overage })).toMatchObject({
      decision: { code: 'ERR_ROLE_PROTECTED' },
    });
  });
});

const unavailable = (name: string) => (issuer: Issuer) =>
  issuer.name === name ? DOWN : pinnedKeys(issuer);

describe('several entries of one issuer', () => {
  const policy = policyOf('two-clusters');

  it('are tried in their order, and the first grant ends it', async () => {
    expect((await login({ policy })).asked).toEqual([['cluster-a', 'cluster-rs256', 'RS256']]);
    const { asked, issuer } = await login({
      policy,
      role: 'b_foo_myservice',
      token: { key: 'other-rs256' },
    });
    expect(asked).toEqual([
      ['cluster-a', 'other-rs256', 'RS256'],
      ['cluster-b', 'other-rs256', 'RS256'],
    ]);
    expect(issuer).toBe('cluster-b');
  });

  it("do not stand in each other's way when one has no keys", async () => {
    expect(
      await login({
        policy,
        role: 'b_foo_myservice',
        token: { key: 'other-rs256' },
        keys: unavailable('cluster-a'),
      }),
    ).toMatchObject({ decision: { granted: true, issuer: 'cluster-b' } });
    expect(await login({ policy, keys: unavailable('cluster-b') })).toMatchObject({
      decision: { granted: true, issuer: 'cluster-a' },
    });
  });

  it('are tried first where their keys are at hand, so that nobody waits for an issuer without need', async () => {
    const { asked, issuer } = await login({
      policy,
      role: 'b_foo_myservice',
      token: { key: 'other-rs256' },
      hasCachedKey: ({ name }) => name === 'cluster-b',
    });
    expect(asked).toEqual([['cluster-b', 'other-rs256', 'RS256']]);
    expect(issuer).toBe('cluster-b');
  });

  it('are tried each once, also those whose keys are not at hand', async () => {
    const { asked, decision } = await login({
      policy,
      hasCachedKey: ({ name }) => name === 'cluster-b',
    });
    expect(asked).toEqual([
      ['cluster-b', 'cluster-rs256', 'RS256'],
      ['cluster-a', 'cluster-rs256', 'RS256'],
    ]);
    expect(decision).toMatchObject({ granted: true, issuer: 'cluster-a' });
    const refused = await login({
      policy,
      role: 'x',
      hasCachedKey: ({ name }) => name === 'cluster-b',
    });
    expect(refused.asked).toHaveLength(2);
  });

  it('have each a limit of its own for the length of a token', async () => {
    const password = mint.token();
    const [a, b] = policy.issuers;
    const tight = (issuer: Issuer, maxBytes: number): Issuer => ({
      ...issuer,
      entry: { ...issuer.entry, token: { ...issuer.entry.token, maxBytes } },
    });
    const limited = (maxBytes: number): Policy => ({
      ...policy,
      issuers: [tight(a!, maxBytes), tight(b!, 20)],
    });
    expect(await login({ policy: limited(password.length), password })).toMatchObject({
      decision: { granted: true, issuer: 'cluster-a' },
    });
    expect(await login({ policy: limited(password.length - 1), password })).toMatchObject({
      decision: {
        code: 'ERR_TOKEN_TOO_LARGE',
        message: `entry cluster-a: the token has ${password.length} bytes; expected at most ${password.length - 1} (token.maxBytes)`,
      },
      asked: [],
    });
  });

  it('cannot decide when the one that may have signed has no keys', async () => {
    expect(
      await login({ policy, token: { key: 'other-rs256' }, keys: unavailable('cluster-b') }),
    ).toMatchObject({ decision: { code: 'ERR_KEYS_UNAVAILABLE' }, issuer: 'cluster-b' });
    expect(await login({ policy, keys: unavailable('cluster-a') })).toMatchObject({
      decision: { code: 'ERR_KEYS_UNAVAILABLE', message: 'entry cluster-a: the issuer is down' },
      issuer: 'cluster-a',
    });
  });

  it('refuse with what came furthest, whichever of them it was', async () => {
    const reversed = { ...policy, issuers: policy.issuers.toReversed() };
    for (const each of [policy, reversed]) {
      expect(await login({ policy: each, role: 'x' })).toMatchObject({
        decision: {
          code: 'ERR_ROLE_NOT_PERMITTED',
          message: 'entry cluster-a: role "x" asked for, and the token may only be "foo:myservice"',
        },
        issuer: 'cluster-a',
        verified: true,
      });
    }
  });

  it('refuse with what the first of them says when none came further', async () => {
    expect(
      await login({ policy: policyOf('two-policies'), token: { claims: { aud: 'x' } } }),
    ).toMatchObject({
      decision: {
        code: 'ERR_AUDIENCE_MISMATCH',
        message: 'entry services: aud is "x"; expected "postgres"',
      },
      issuer: 'services',
    });
  });
});

describe('a signature that does not verify', () => {
  const STALE = { key: 'attacker-rs256', header: { kid: 'cluster-rs256' } };
  /** The entry's keys, that of the kid replaced by the one that signed. */
  const replaced = (issuer: Issuer): KeySet => ({
    keys: pinnedKeys(issuer).keys.map((key) =>
      key.kid === 'cluster-rs256' ? { ...mint.publicKey('attacker-rs256'), kid: key.kid } : key,
    ),
  });
  const ASKED = ['cluster', 'cluster-rs256', 'RS256'];
  const INVALID = {
    code: 'ERR_SIGNATURE_INVALID',
    message: 'the signature does not verify with the issuer\'s key "cluster-rs256" (RS256)',
  };

  it('is tried with the key that its issuer has by now under the same name', async () => {
    const steps: TraceStep[] = [];
    expect(await login({ token: STALE, newKeys: replaced, steps })).toMatchObject({
      decision: { granted: true, issuer: 'cluster' },
      verified: true,
      asked: [ASKED, [...ASKED, 'again'], ASKED],
    });
    // An explanation has each step once, as it came out.
    expect(steps.filter(({ refusal }) => refusal !== undefined)).toEqual([]);
    expect(steps.filter(({ step }) => step === 'signature')).toHaveLength(1);
  });

  it('is refused where the issuer has no others', async () => {
    const steps: TraceStep[] = [];
    expect(await login({ token: STALE, steps })).toMatchObject({
      decision: INVALID,
      verified: false,
      asked: [ASKED, [...ASKED, 'again']],
    });
    expect(steps.at(-1)).toMatchObject({ step: 'signature', seen: 'not valid' });
  });

  it('is refused where it is wrong by the new key as well', async () => {
    const token = { ...STALE, key: 'cluster-rsa' };
    expect(await login({ token, newKeys: replaced })).toMatchObject({ decision: INVALID });
  });

  it('is refused for what the key is by now, where it cannot be used any more', async () => {
    const newKeys = (): KeySet => ({
      keys: [mint.publicKey('cluster-es256')],
      leftOut: [{ kid: 'cluster-rs256', reason: 'is an RSA key of 1024 bits' }],
    });
    expect(await login({ token: STALE, newKeys })).toMatchObject({
      decision: {
        code: 'ERR_KEY_UNKNOWN',
        message:
          'the issuer\'s key with kid "cluster-rs256" cannot be used: it is an RSA key of 1024 bits',
      },
    });
  });

  it('is refused as before where the issuer cannot be asked', async () => {
    expect(await login({ token: STALE, newKeys: () => DOWN })).toMatchObject({ decision: INVALID });
  });

  it('is tried by every other entry first, and nobody is asked where one of them grants', async () => {
    const policy = policyOf('two-clusters');
    const token = { key: 'other-es256' };
    const found = await login({ policy, token, role: 'b_foo_myservice', newKeys: broken });
    expect(found.decision).toMatchObject({ granted: true, issuer: 'cluster-b' });
    expect(found.asked).toHaveLength(2);
  });

  it('that was cut may be whole by a shorter key of the same name', async () => {
    const token = { header: { kid: 'cluster-rs512', alg: 'RS512' }, algorithm: 'RS512' } as const;
    const newKeys = (): KeySet => ({
      keys: [{ ...mint.publicKey('cluster-rs256'), kid: 'cluster-rs512', alg: 'RS512' }],
    });
    expect(await login({ token, newKeys })).toMatchObject({ decision: { granted: true } });
    expect(await login({ token })).toMatchObject({ decision: { code: 'ERR_TOKEN_TRUNCATED' } });
  });
});

describe('a remembered signature', () => {
  it('saves the check, and nothing else', async () => {
    const verifiedTokens = createVerifiedTokens();
    const password = mint.token();
    await login({ password, verifiedTokens });
    expect(verifiedTokens.size).toBe(1);

    expect(await login({ password, verifiedTokens })).toMatchObject({
      decision: { granted: true },
    });
    expect(await login({ password, verifiedTokens, role: 'x' })).toMatchObject({
      decision: {
        code: 'ERR_ROLE_NOT_PERMITTED',
        message: 'role "x" asked for, and the token may only be "foo:myservice"',
      },
    });
    expect(await login({ password, verifiedTokens, now: NOW + 571 })).toMatchObject({
      decision: {
        code: 'ERR_TOKEN_EXPIRED',
        message:
          'the token expired 31 s ago (exp 2026-01-01T00:09:00Z, now 2026-01-01T00:09:31Z, clockSkew 30 s)',
      },
    });
  });

  it('is worth nothing once the issuer has taken the key back', async () => {
    const verifiedTokens = createVerifiedTokens();
    const password = mint.token();
    await login({ password, verifiedTokens });
    const keys = (issuer: Issuer) => ({
      keys: pinnedKeys(issuer).keys.map((key) =>
        key.kid === 'cluster-rs256' ? { ...mint.publicKey('attacker-rs256'), kid: key.kid } : key,
      ),
    });
    expect(await login({ password, verifiedTokens, keys })).toMatchObject({
      decision: {
        code: 'ERR_SIGNATURE_INVALID',
        message: 'the signature does not verify with the issuer\'s key "cluster-rs256" (RS256)',
      },
      verified: false,
    });
  });

  it('is not made by a token that was refused for its signature', async () => {
    const verifiedTokens = createVerifiedTokens();
    await login({
      verifiedTokens,
      token: { key: 'attacker-rs256', header: { kid: 'cluster-rs256' } },
    });
    expect(verifiedTokens.size).toBe(0);
  });

  it("is one entry's only", async () => {
    const verifiedTokens = createVerifiedTokens();
    const policy = policyOf('two-clusters');
    const password = mint.token({ key: 'other-es256' });
    await login({ policy, verifiedTokens, password, role: 'b_foo_myservice' });
    expect(await login({ policy, verifiedTokens, password })).toMatchObject({
      decision: {
        code: 'ERR_ROLE_NOT_PERMITTED',
        message:
          'entry cluster-b: role "foo:myservice" asked for, and the token may only be "b_foo_myservice"',
      },
    });
  });
});
