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
