// Every valid vector with something changed: each byte, each length, parts swapped within a token and between any two. None
// is ever granted, though the true token was a moment before and is remembered, as in a daemon.
import { beforeAll, describe, expect, it } from 'vitest';

import { authorize } from '../../src/decide/authorize.ts';
import type { AuthorizeOptions } from '../../src/decide/authorize-options.ts';
import { createVerifiedTokens } from '../../src/decide/verified-tokens.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { refuse } from '../../src/errors.ts';
import { loadPolicies } from '../policy/load-policies.ts';
import type { Vector } from '../vectors/tokens/vector.ts';
import {
  cut,
  flipped,
  hasAllBitsFlipped,
  recombined,
  reordered,
  VALID_TOKENS,
  VALID_VECTORS,
} from './mutations.ts';

interface Host {
  readonly policy: Policy;
  readonly options: Omit<AuthorizeOptions, 'clock'>;
}

const hosts = new Map<string, Host>();

const keysOf: AuthorizeOptions['keysOf'] = async ({ keySource }) =>
  keySource.kind === 'pinned' ? keySource.keySet : refuse('ERR_INTERNAL', 'not pinned');

beforeAll(async () => {
  for (const [name, policy] of await loadPolicies(
    VALID_VECTORS.map(({ vector }) => vector.policy),
  )) {
    const verifiedTokens = createVerifiedTokens({ tokens: 1000, bytes: 10_000_000 });
    hosts.set(name, { policy, options: { keysOf, verifiedTokens } });
  }
});

/** Decides the vector with another password. @returns `granted` or the code. */
async function decide({ policy: name, now, request }: Vector, password: string): Promise<string> {
  const { policy, options } = hosts.get(name)!;
  const { decision } = await authorize({ ...request, source: request.source, password }, policy, {
    ...options,
    clock: () => now,
  });
  return decision.granted ? 'granted' : decision.code;
}

/** What none of these tokens may come to: granted, or a failure of ours. */
async function expectRefused(vector: Vector, passwords: Iterable<string>): Promise<number> {
  const wrong: string[] = [];
  let tried = 0;
  for (const password of passwords) {
    tried += 1;
    const outcome = await decide(vector, password);
    if (outcome === 'granted' || outcome === 'ERR_INTERNAL') wrong.push(`${outcome} ${password}`);
  }
  expect(wrong).toEqual([]);
  return tried;
}

describe('a valid token is granted, and not', () => {
  it.each(VALID_VECTORS)('with one bit of any byte changed: $title', async ({ title, vector }) => {
    expect(await decide(vector, vector.password)).toBe('granted');
    const tried = await expectRefused(vector, flipped(vector.password, hasAllBitsFlipped(title)));
    expect(tried).toBeGreaterThanOrEqual(vector.password.length);
    expect(await decide(vector, vector.password)).toBe('granted');
  });

  it.each(VALID_VECTORS)('cut anywhere, from either end: $title', async ({ vector }) => {
    expect(await decide(vector, vector.password)).toBe('granted');
    await expectRefused(vector, cut(vector.password));
  });

  it.each(VALID_VECTORS)(
    'with its parts swapped, left out or repeated: $title',
    async ({ vector }) => {
      expect(await decide(vector, vector.password)).toBe('granted');
      expect(await expectRefused(vector, reordered(vector.password))).toBe(63);
    },
  );

  it.each(VALID_VECTORS)('with a part of any other valid token: $title', async ({ vector }) => {
    const made = recombined(vector.password, VALID_TOKENS);
    expect(await expectRefused(vector, made)).toBeGreaterThan(VALID_VECTORS.length);
  });
});
