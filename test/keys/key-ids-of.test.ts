// The names of a key.
import { expect, it } from 'vitest';

import { keyIDsOf } from '../../src/keys/key-ids-of.ts';
import { createMint } from '../vectors/tokens/mint.ts';

const mint = await createMint();
const KEY = mint.publicKey('cluster-es256');
const OTHER = mint.publicKey('people-es256');
const RSA = mint.publicKey('cluster-rs256');

it('are all under which its issuer publishes it', () => {
  const keys = [
    KEY,
    { ...KEY, kid: 'again' },
    OTHER,
    { ...RSA, kid: 'rs' },
    { ...RSA, kid: 'ps', alg: 'PS256' },
  ];
  expect(keyIDsOf({ keys }, [KEY])).toEqual(['cluster-es256', 'again']);
  expect(keyIDsOf({ keys }, [{ ...KEY }])).toEqual(['cluster-es256', 'again']);
  expect(keyIDsOf({ keys }, [OTHER])).toEqual(['people-es256']);
  expect(keyIDsOf({ keys }, [{ ...RSA, kid: 'ps', alg: 'PS256' }])).toEqual(['rs', 'ps']);
});

it('are none for a key that has none, and those of its copies', () => {
  const { kid: _kid, ...nameless } = KEY;
  expect(keyIDsOf({ keys: [nameless, OTHER] }, [nameless])).toEqual([]);
  expect(keyIDsOf({ keys: [nameless, KEY, OTHER] }, [nameless])).toEqual(['cluster-es256']);
});

it('are those of an ML-DSA key alone, not of another', () => {
  const [key, other] = [mint.publicKey('modern-ml-dsa-44'), mint.publicKey('attacker-ml-dsa-44')];
  const keys = [key, { ...key, kid: 'again' }, other];
  expect(keyIDsOf({ keys }, [key])).toEqual(['modern-ml-dsa-44', 'again']);
});

it('are those of the same number in another way to write it', () => {
  const { n = '', e = '' } = RSA;
  const padded = (number: string) =>
    Buffer.concat([Buffer.of(0), Buffer.from(number, 'base64url')]).toString('base64url');
  const keys = [
    { ...RSA, kid: 'zero', n: padded(n) },
    { ...RSA, kid: 'exponent', e: padded(e) },
    { ...RSA, kid: 'padding', n: `${n}==` },
    { ...RSA, kid: 'base64', n: n.replaceAll('-', '+').replaceAll('_', '/') },
    {
      ...RSA,
      kid: 'longer',
      n: Buffer.concat([Buffer.from(n, 'base64url'), Buffer.of(0)]).toString('base64url'),
    },
    { ...RSA, kid: 'other', e: 'Aw' },
  ];
  expect(keyIDsOf({ keys }, [RSA])).toEqual(['zero', 'exponent', 'padding', 'base64']);
});
