// Passwords of every size, up to what the module hands over.
import { encode, type Mint } from '../../tokens/mint.ts';
import {
  type AttackRecipe,
  attacks,
  claimsUnreadable,
  malformed,
  NOT_A_TOKEN,
  signatureInvalid,
  tooLarge,
  truncated,
} from './attack-recipe.ts';

const LIMIT = 65_535;

const padding = (length: number): string => 'A'.repeat(length);

export function sizes({ token }: Mint): AttackRecipe[] {
  const valid = token();
  const [header = '', claims = '', signature = ''] = valid.split('.');
  const large = token({ bytes: 16_385 });
  const huge = token({ bytes: LIMIT });
  const filled = `${header}.${padding(64_000)}.${signature}`;
  return attacks(
    'to take time, memory or the log before anything is verified',
    'RFC 8725 section 3.10',
    [
      { name: 'a token of 16,385 bytes', password: large, expected: tooLarge(large) },
      { name: 'a token of 65,535 bytes', password: huge, expected: tooLarge(huge) },
      { name: '65,535 times A', password: padding(LIMIT), expected: tooLarge(padding(LIMIT)) },
      {
        name: '65,535 times A where that many bytes are permitted',
        policy: 'roomy',
        password: padding(LIMIT),
        expected: NOT_A_TOKEN,
      },
      {
        name: '65,535 dots where that many bytes are permitted',
        policy: 'roomy',
        password: '.'.repeat(LIMIT),
        expected: NOT_A_TOKEN,
      },
      {
        name: '65,532 dots behind the start of a token',
        policy: 'roomy',
        password: `eyJ${'.'.repeat(LIMIT - 3)}`,
        expected: malformed('the token has 65533 parts; expected 3 (header, claims, signature)'),
      },
      {
        name: '65,535 bytes that are no ASCII',
        policy: 'roomy',
        password: '\u{80}'.repeat(LIMIT / 3),
        expected: NOT_A_TOKEN,
      },
      {
        name: 'claims of 64,000 characters that are no JSON',
        policy: 'roomy',
        password: filled,
        expected: claimsUnreadable('not valid JSON'),
      },
      {
        name: 'a signature of 48,000 bytes',
        policy: 'roomy',
        password: `${header}.${claims}.${padding(64_000)}`,
        expected: signatureInvalid(),
      },
      {
        name: 'a header of 40,000 spaces',
        policy: 'roomy',
        password: `${encode(`{"a":1${' '.repeat(40_000)}}`)}.${claims}.${signature}`,
        expected: {
          code: 'ERR_ALGORITHM_NOT_ALLOWED',
          message:
            'the token is signed with alg undefined; expected one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, Ed25519, ML-DSA-44, ML-DSA-65, ML-DSA-87',
        },
      },
      {
        name: 'a valid token without its last 200 characters',
        password: valid.slice(0, -200),
        expected: truncated(
          valid.slice(0, -200),
          'its RS256 signature has 106 of at least 256 bytes',
        ),
      },
      {
        name: 'an empty password',
        password: '',
        expected: {
          code: 'ERR_NOT_A_TOKEN',
          message: 'the password is empty; expected a token (JWT)',
        },
      },
    ],
  );
}
