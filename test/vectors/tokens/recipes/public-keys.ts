// keys.publicKeysFile: keys without names, tried by algorithm; and roles that are shortened.
import type { Mint } from '../mint.ts';
import { granted, type Recipe } from './recipe.ts';

const LONG = `analytics:${'quarterly-report-'.repeat(4)}job`;
const SHORT = 'analytics:quarterly-report-quarterly-report-quarterly-_96846769';

const vector = (
  name: string,
  password: string,
  expected: Recipe['expected'] = granted('public-keys'),
  role = 'foo:myservice',
): Recipe => ({ name, policy: 'public-keys', role, password, expected });

const invalid = (alg: string): Recipe['expected'] => ({
  code: 'ERR_SIGNATURE_INVALID',
  message: `the signature does not verify with the issuer's 2 keys without kid (${alg})`,
});

export function publicKeys({ token }: Mint): Recipe[] {
  const long = token({ claims: { sub: `system:serviceaccount:${LONG}` } });
  return [
    vector('grants a token by the first key that fits, whatever its kid', token()),
    vector('grants a token by the second key that fits', token({ key: 'cluster-rsa' })),
    vector('grants a token by another kind of key', token({ key: 'cluster-eddsa' })),
    vector('grants a token by the last of two keys of a kind', token({ key: 'other-es256' })),
    vector(
      'grants a token without kid, though several keys fit',
      token({ key: 'cluster-rsa', header: { kid: undefined } }),
    ),
    vector(
      'refuses a token of a key that is not in the file',
      token({ key: 'attacker-rs256' }),
      invalid('RS256'),
    ),
    vector(
      'refuses a token of a key that is not in the file, without kid',
      token({ key: 'attacker-es256', header: { kid: undefined } }),
      invalid('ES256'),
    ),
    vector('refuses a token for whose algorithm there is no key', token({ key: 'cluster-es384' }), {
      code: 'ERR_KEY_UNKNOWN',
      message: 'the issuer has 6 keys, none with kid "cluster-es384"',
    }),

    vector('grants a long name in its short form', long, granted('public-keys'), SHORT),
    vector(
      'refuses a long name cut where PostgreSQL cuts it',
      long,
      {
        code: 'ERR_ROLE_NOT_PERMITTED',
        message: `role "${LONG.slice(0, 63)}" asked for, and the token may only be "${SHORT}"`,
      },
      LONG.slice(0, 63),
    ),
  ];
}
