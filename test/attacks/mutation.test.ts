// Every valid vector with something changed: each byte, each length, parts swapped within a token and between any two. None
// is ever granted, though the true token was a moment before and is remembered, as in a daemon.
import { beforeAll, describe, expect, it } from 'vitest';

import { authorize, type AuthorizeOptions } from '../../src/authorize/authorize.ts';
import { createKnownTokens } from '../../src/authorize/known-tokens.ts';
import type { Policy } from '../../src/authorize/policy.ts';
import { refuse } from '../../src/errors.ts';
import { loadPolicies } from '../authorize/load-policies.ts';
import { loadVectorFiles, type Vector } from '../vectors/tokens/vector.ts';

const files = await loadVectorFiles();
const valid = files.flatMap(({ name: file, vectors }) =>
  vectors
    .filter(({ expected }) => 'granted' in expected)
    .map((vector) => ({ title: `${file}: ${vector.name}`, vector })),
);

interface Host {
  readonly policy: Policy;
  readonly options: Omit<AuthorizeOptions, 'clock'>;
}

const hosts = new Map<string, Host>();

const keysOf: AuthorizeOptions['keysOf'] = async ({ keySource }) =>
  keySource.kind === 'pinned' ? keySource.keySet : refuse('ERR_INTERNAL', 'not pinned');

beforeAll(async () => {
  for (const [name, policy] of await loadPolicies(valid.map(({ vector }) => vector.policy))) {
    const knownTokens = createKnownTokens({ tokens: 1000, bytes: 10_000_000 });
    hosts.set(name, { policy, options: { keysOf, knownTokens } });
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

/** Every text that differs in one bit of one byte; or in one bit of each byte, another from place to place. */
function* flipped(text: string, allBits: boolean): Generator<string> {
  for (let at = 0; at < text.length; at += 1) {
    for (const bit of allBits ? [0, 1, 2, 3, 4, 5, 6, 7] : [at % 8]) {
      const byte = String.fromCharCode(text.charCodeAt(at) ^ (1 << bit));
      yield text.slice(0, at) + byte + text.slice(at + 1);
    }
  }
}

function* cut(text: string): Generator<string> {
  for (let at = 1; at < text.length; at += 1) {
    yield text.slice(0, at);
    yield text.slice(at);
  }
}

/** Every other order of the parts, with parts left out or repeated. */
function* reordered(text: string): Generator<string> {
  const parts = text.split('.');
  const choices = [...parts, ''];
  for (const a of choices)
    for (const b of choices)
      for (const c of choices) {
        const made = [a, b, c].join('.');
        if (made !== text) yield made;
      }
}

describe('a valid token is granted, and not', () => {
  it.each(valid)('with one bit of any byte changed: $title', async ({ title, vector }) => {
    expect(await decide(vector, vector.password)).toBe('granted');
    // All bits where each token is by another algorithm; elsewhere what differs are header and claims.
    const allBits = title.includes('signed with');
    const tried = await expectRefused(vector, flipped(vector.password, allBits));
    expect(tried).toBeGreaterThanOrEqual(vector.password.length);
    expect(await decide(vector, vector.password)).toBe('granted');
  });

  it.each(valid)('cut anywhere, from either end: $title', async ({ vector }) => {
    expect(await decide(vector, vector.password)).toBe('granted');
    await expectRefused(vector, cut(vector.password));
  });

  it.each(valid)('with its parts swapped, left out or repeated: $title', async ({ vector }) => {
    expect(await decide(vector, vector.password)).toBe('granted');
    expect(await expectRefused(vector, reordered(vector.password))).toBe(63);
  });

  it.each(valid)('with a part of any other valid token: $title', async ({ vector }) => {
    const own = vector.password.split('.');
    const tokens = new Set(valid.map((other) => other.vector.password));
    const made = new Set<string>();
    for (const other of tokens) {
      for (const [index, part] of other.split('.').entries()) {
        const token = own.with(index, part).join('.');
        if (!tokens.has(token)) made.add(token);
      }
    }
    expect(await expectRefused(vector, made)).toBeGreaterThan(valid.length);
  });
});
