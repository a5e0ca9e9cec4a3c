// Whatever single character of a token is changed, taken out or put in: it never grants.
import { expect, it } from 'vitest';

import { authorize } from '../../src/decide/authorize.ts';
import { refuse } from '../../src/errors.ts';
import { createMint, NOW } from '../vectors/tokens/mint.ts';
import { loadPolicies } from '../policy/load-policies.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

const policies = await loadPolicies(['cluster']);
const mint = await createMint();

async function decide(password: string): Promise<string> {
  const { decision } = await authorize(
    { role: 'foo:myservice', service: 'postgresql', source: undefined, password },
    policies.get('cluster')!,
    {
      clock: () => NOW,
      keysOf: async ({ keySource }) =>
        keySource.kind === 'pinned' ? keySource.keySet : refuse('ERR_INTERNAL', 'not pinned'),
    },
  );
  return decision.granted ? 'granted' : decision.code;
}

/** The characters of base64url that differ in one bit from this one; of a dot, one of them. */
function neighbours(character: string): readonly string[] {
  const index = ALPHABET.indexOf(character);
  return index === -1 ? ['A'] : [1, 2, 4, 8, 16, 32].map((bit) => ALPHABET.charAt(index ^ bit));
}

it.each(['cluster-rs256', 'cluster-es256', 'cluster-ps256', 'cluster-eddsa'])(
  'never grants a token by %s with one bit of one character changed',
  async (key) => {
    const token = mint.token({ key });
    expect(await decide(token)).toBe('granted');

    const outcomes = new Set<string>();
    for (const [index, character] of Array.from(token).entries()) {
      const choices = neighbours(character);
      // One bit of each character, another one from place to place; all of them where decoding may drop some.
      const last = token.charAt(index + 1) === '.' || index === token.length - 1;
      for (const other of last ? choices : [choices[index % choices.length]!]) {
        outcomes.add(await decide(token.slice(0, index) + other + token.slice(index + 1)));
      }
    }
    expect(outcomes).not.toContain('granted');
    expect(outcomes).toContain('ERR_SIGNATURE_INVALID');
    expect(outcomes).toContain('ERR_TOKEN_MALFORMED');
  },
);

it.each(['cluster-es256', 'cluster-eddsa'])(
  'never grants a token by %s with one character taken out or put in',
  async (key) => {
    const token = mint.token({ key });
    const outcomes = new Set<string>();
    for (let index = 0; index <= token.length; index += 1) {
      if (index < token.length) {
        outcomes.add(await decide(token.slice(0, index) + token.slice(index + 1)));
      }
      for (const character of ['A', '.', '=', '\n', '\0']) {
        outcomes.add(await decide(token.slice(0, index) + character + token.slice(index)));
      }
    }
    expect(outcomes).not.toContain('granted');
    expect(outcomes).not.toContain('ERR_INTERNAL');
  },
);

it('never grants a token that was cut anywhere, and mostly says so', async () => {
  const token = mint.token();
  const outcomes = new Map<string, number>();
  for (let length = 0; length < token.length; length += 1) {
    const outcome = await decide(token.slice(0, length));
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  expect(outcomes.has('granted')).toBe(false);
  // Nothing but the first two bytes can pass for a password.
  expect(Object.fromEntries(outcomes)).toEqual({
    ERR_NOT_A_TOKEN: 3,
    ERR_TOKEN_TRUNCATED: token.length - 3,
  });
});
