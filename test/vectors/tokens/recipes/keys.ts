// Whose key signed it: other clusters, forged signatures, keys without names and keys that are none.
import type { Mint, TokenOptions } from '../mint.ts';
import { granted, type Recipe } from './recipe.ts';

const invalid = (name: string, password: string, kid = 'cluster-rs256', alg = 'RS256'): Recipe => ({
  name,
  password,
  expected: {
    code: 'ERR_SIGNATURE_INVALID',
    message: `the signature does not verify with the issuer's key "${kid}" (${alg})`,
    hint: 'The token was changed on its way, or another issuer uses the same key ID.',
  },
});

export function keys({ token, publicKey }: Mint): Recipe[] {
  const valid = token();
  const [header = '', claims = '', signature = ''] = valid.split('.');
  const other = token({ claims: { sub: 'system:serviceaccount:foo:admin' } });
  const [, otherClaims = '', otherSignature = ''] = other.split('.');
  const forged = (
    name: string,
    key: string,
    bytes: TokenOptions['signature'],
    alg: string,
  ): Recipe => invalid(name, token({ key, signature: bytes! }), key, alg);
  const modulus = Buffer.from(publicKey('cluster-rs256').n ?? '', 'base64url');

  return [
    invalid(
      "refuses another key's signature under the issuer's kid",
      token({ key: 'attacker-rs256', header: { kid: 'cluster-rs256' } }),
    ),
    invalid(
      "refuses another key's ES256 signature under the issuer's kid",
      token({ key: 'attacker-es256', header: { kid: 'cluster-es256' } }),
      'cluster-es256',
      'ES256',
    ),
    invalid(
      'refuses a signature by another key of the issuer',
      token({ key: 'cluster-rsa', header: { kid: 'cluster-rs256' } }),
    ),
    invalid('refuses the signature of another token', `${header}.${claims}.${otherSignature}`),
    invalid('refuses the claims of another token', `${header}.${otherClaims}.${signature}`),
    invalid(
      'refuses another header over the same claims',
      token({ header: { typ: 'at+jwt' }, signedText: `${header}.${claims}` }),
    ),
    invalid('refuses a signature over the claims alone', token({ signedText: claims })),
    forged(
      'refuses an RS256 signature of zeros',
      'cluster-rs256',
      () => Buffer.alloc(256),
      'RS256',
    ),
    forged(
      'refuses an RS256 signature that is the number one',
      'cluster-rs256',
      () => Buffer.concat([Buffer.alloc(255), Buffer.of(1)]),
      'RS256',
    ),
    forged(
      'refuses an RS256 signature that is the modulus',
      'cluster-rs256',
      () => modulus,
      'RS256',
    ),
    forged(
      'refuses an RS256 signature with a zero byte in front',
      'cluster-rs256',
      (bytes) => Buffer.concat([Buffer.of(0), bytes]),
      'RS256',
    ),
    forged('refuses an ES256 signature of zeros', 'cluster-es256', () => Buffer.alloc(64), 'ES256'),
    forged(
      'refuses an ES512 signature of zeros',
      'cluster-es512',
      () => Buffer.alloc(132),
      'ES512',
    ),
    forged(
      'refuses an ES256 signature of r = s = 1',
      'cluster-es256',
      () => Buffer.concat([Buffer.alloc(31), Buffer.of(1), Buffer.alloc(31), Buffer.of(1)]),
      'ES256',
    ),
    forged('refuses an EdDSA signature of zeros', 'cluster-eddsa', () => Buffer.alloc(64), 'EdDSA'),
    {
      name: 'refuses an ES256 signature in DER',
      password: token({
        key: 'cluster-es256',
        signature: (bytes) =>
          Buffer.concat([
            Buffer.of(0x30, 0x46, 0x02, 0x21, 0x00),
            bytes.subarray(0, 32),
            Buffer.of(0x02, 0x21, 0x00),
            bytes.subarray(32),
          ]),
      }),
      expected: {
        code: 'ERR_TOKEN_MALFORMED',
        message: 'the ES256 signature has 72 bytes; expected 64',
      },
    },
    {
      name: 'says that a signature of alg EdDSA is one of Ed448',
      password: token({ key: 'cluster-eddsa', signature: () => Buffer.alloc(114) }),
      expected: {
        code: 'ERR_TOKEN_MALFORMED',
        message: 'the EdDSA signature has 114 bytes; expected 64',
        hint: 'This is the length of an Ed448 signature, which is not accepted: have the issuer sign with a key on curve Ed25519.',
      },
    },

    {
      name: 'grants a token without kid where only one key can be meant',
      policy: 'nameless',
      password: token({ key: 'nameless-rs256' }),
      expected: granted('nameless'),
    },
    {
      name: 'tries a key that has no kid for a token that has one',
      policy: 'nameless',
      password: token({ key: 'nameless-rs256', header: { kid: 'whatever' } }),
      expected: granted('nameless'),
    },
    {
      name: 'refuses a token without kid by somebody else where only one key can be meant',
      policy: 'nameless',
      password: token({ key: 'attacker-rs256', header: { kid: undefined } }),
      expected: {
        code: 'ERR_SIGNATURE_INVALID',
        message: "the signature does not verify with the issuer's key without kid (RS256)",
      },
    },
    {
      name: 'refuses a token without kid where no key fits its alg',
      policy: 'nameless',
      password: token({ key: 'cluster-es256', header: { kid: undefined } }),
      expected: {
        code: 'ERR_KEY_UNKNOWN',
        message:
          'the token names no key (kid), and 0 keys of the issuer fit its alg ES256; expected a kid',
      },
    },
    ...['twin-a', 'twin-b'].map((key) => ({
      name: `tries every key of the token's kid: ${key}`,
      policy: 'twins',
      password: token({ key }),
      expected: granted('twins'),
    })),
    {
      name: 'refuses a token by neither of the keys of its kid',
      policy: 'twins',
      password: token({ key: 'attacker-es256', header: { kid: 'twin' } }),
      expected: {
        code: 'ERR_SIGNATURE_INVALID',
        message: 'the signature does not verify with the issuer\'s key "twin" (ES256)',
      },
    },
    {
      name: 'says that the issuer published a key that is none',
      policy: 'broken',
      password: token({ key: 'cluster-es256', header: { kid: 'off-curve' } }),
      expected: {
        code: 'ERR_SIGNATURE_INVALID',
        message: 'the issuer\'s key for kid "off-curve" is not a valid ES256 key',
        hint: 'Ask whoever runs the issuer to fix its key set.',
      },
    },

    {
      name: 'grants by the first of two entries with one issuer URL when its key signed the token',
      policy: 'two-clusters',
      password: token(),
      expected: granted('cluster-a'),
    },
    {
      name: 'grants by the second of two entries with one issuer URL when its key signed the token',
      policy: 'two-clusters',
      role: 'b_foo_myservice',
      password: token({ key: 'other-rs256' }),
      expected: granted('cluster-b'),
    },
    {
      name: 'grants by the second of two entries when both have a key of that kid and its own verifies',
      policy: 'two-clusters',
      role: 'b_foo_myservice',
      password: token({ key: 'other-es256' }),
      expected: granted('cluster-b'),
    },
    {
      name: "does not let a second cluster's token be what the first cluster's tokens may be",
      policy: 'two-clusters',
      password: token({ key: 'other-rs256' }),
      expected: {
        code: 'ERR_ROLE_NOT_PERMITTED',
        message:
          'entry cluster-b: role "foo:myservice" asked for, and the token may only be "b_foo_myservice"',
      },
    },
    {
      name: "does not let a first cluster's token be what the second cluster's tokens may be",
      policy: 'two-clusters',
      role: 'b_foo_myservice',
      password: token(),
      expected: {
        code: 'ERR_ROLE_NOT_PERMITTED',
        message:
          'entry cluster-a: role "b_foo_myservice" asked for, and the token may only be "foo:myservice"',
      },
    },
    {
      name: "refuses a second cluster's token under a kid that only the first has",
      policy: 'two-clusters',
      role: 'b_foo_myservice',
      password: token({ key: 'other-rs256', header: { kid: 'cluster-rs256' } }),
      expected: {
        code: 'ERR_SIGNATURE_INVALID',
        message:
          'entry cluster-a: the signature does not verify with the issuer\'s key "cluster-rs256" (RS256)',
      },
    },
    {
      name: 'refuses a token by neither of two clusters',
      policy: 'two-clusters',
      password: token({ key: 'attacker-rs256' }),
      expected: {
        code: 'ERR_KEY_UNKNOWN',
        message: 'entry cluster-a: the issuer has 8 keys, none with kid "attacker-rs256"',
        hint: 'The token may come from another cluster with the same issuer URL, or be signed by a key that is no longer published.',
      },
    },
    {
      name: 'grants by the first of two policies over one issuer',
      policy: 'two-policies',
      password: token(),
      expected: granted('services'),
    },
    {
      name: 'grants by the second of two policies over one issuer',
      policy: 'two-policies',
      role: 'dba_rw',
      password: token({ claims: { aud: 'postgres-people', sub: 'alice', groups: ['dba'] } }),
      expected: granted('people'),
    },
    {
      name: 'does not mix two policies over one issuer: the audience of one, the roles of the other',
      policy: 'two-policies',
      role: 'dba_rw',
      password: token({ claims: { groups: ['dba'] } }),
      expected: {
        code: 'ERR_ROLE_NOT_PERMITTED',
        message:
          'entry services: role "dba_rw" asked for, and the token may only be "foo:myservice"',
      },
    },
  ];
}
