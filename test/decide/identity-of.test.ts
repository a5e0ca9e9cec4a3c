import { describe, expect, it } from 'vitest';

import { authorize } from '../../src/decide/authorize.ts';
import { identityOf } from '../../src/decide/identity-of.ts';
import { createMint, NOW } from '../vectors/tokens/mint.ts';
import { loadPolicies } from '../policy/load-policies.ts';

describe('the identity of a login', () => {
  it.each<[what: string, claims: Readonly<Record<string, unknown>>, claim: string, is: unknown]>([
    ['a claim by its name', { upn: 'alice' }, 'upn', 'alice'],
    ['a claim further down', { a: { b: 'alice' } }, '/a/b', 'alice'],
    ['never another claim where it is not there', { sub: 'alice' }, 'upn', undefined],
    ['an address that is verified', { email: 'a@b.c', email_verified: true }, 'email', 'a@b.c'],
    ['an address of which nothing is said', { email: 'a@b.c' }, 'email', 'a@b.c'],
    ['no address that is not', { email: 'a@b.c', email_verified: false }, 'email', undefined],
    ['nothing that every object has', {}, 'constructor', undefined],
  ])('is %s', (_what, claims, claim, is) => {
    expect(identityOf(claims, claim)).toBe(is);
  });

  it('is the subject where the entry names no claim, and nobody where it refuses', async () => {
    const mint = await createMint();
    const policy = (await loadPolicies(['cluster'])).get('cluster')!;
    const decide = async (role: string, identity?: string) => {
      const [issuer] = policy.issuers;
      const entry = {
        ...issuer!.entry,
        ...(identity === undefined ? {} : { oauth: { identity } }),
      };
      const decided = await authorize(
        {
          role,
          service: 'postgresql',
          source: undefined,
          password: mint.token({ claims: { upn: 'alice' } }),
        },
        { ...policy, issuers: [{ ...issuer!, entry }] },
        {
          clock: () => NOW,
          keysOf: async ({ keySource }) => {
            if (keySource.kind !== 'pinned') throw new Error('not pinned');
            return keySource.keySet;
          },
        },
      );
      return decided.identity;
    };
    expect(await decide('foo:myservice')).toBe('system:serviceaccount:foo:myservice');
    expect(await decide('foo:myservice', 'upn')).toBe('alice');
    expect(await decide('foo:myservice', 'email')).toBeUndefined();
    expect(await decide('foo:other', 'upn')).toBeUndefined();
  });
});
