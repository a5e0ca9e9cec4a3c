// Extensions of JWS that change what is signed or how it is read: crit, b64, zip, cty.
import { encode, type Mint } from '../../tokens/mint.ts';
import type { Recipe } from '../../tokens/recipes/recipe.ts';
import {
  type AttackRecipe,
  attacks,
  claimsUnreadable,
  malformed,
  signatureInvalid,
} from './attack-recipe.ts';

const CRIT = malformed(
  'the header has crit, which demands an extension (RFC 7515 section 4.1.11); expected none',
);

export function extensions({ token, defaultHeader, defaultClaims }: Mint): AttackRecipe[] {
  const critical = (crit: unknown, header: Readonly<Record<string, unknown>> = {}): Recipe => ({
    name: `crit ${JSON.stringify(crit)} with ${JSON.stringify(header)}`,
    password: token({ header: { ...header, crit } }),
    expected: CRIT,
  });
  const claimsText = JSON.stringify(defaultClaims());
  const plain = (header: Readonly<Record<string, unknown>>): string =>
    `${encode(JSON.stringify({ ...defaultHeader(), ...header }))}.${claimsText}`;
  // A stored block of RFC 1951: deflated without being made shorter, the same for every version of zlib.
  const stored = Buffer.concat([
    Buffer.of(1, claimsText.length & 0xff, claimsText.length >> 8),
    Buffer.of(~claimsText.length & 0xff, (~claimsText.length >> 8) & 0xff),
    Buffer.from(claimsText),
  ]);
  return [
    ...attacks(
      'to have an extension passed over that the issuer made a condition',
      'RFC 7515 section 4.1.11, CVE-2025-59420, CVE-2026-32597',
      [
        critical(['exp'], { exp: 1 }),
        critical(['b64'], { b64: true }),
        critical(['b64', 'exp'], { b64: true, exp: 4_102_444_800 }),
        critical(['alg']),
        critical(['crit']),
        critical(['http://example.com/revoked'], { 'http://example.com/revoked': false }),
        critical(['cnf'], { cnf: { jkt: 'x' } }),
        critical(['__proto__']),
        critical([]),
        critical(['']),
        critical([null]),
        critical([['b64']]),
        critical(null),
        critical('b64', { b64: true }),
        critical('', {}),
        critical(false),
        critical(0),
        critical({ b64: true }),
      ],
    ),
    ...attacks('to have the claims read in another way than they were signed', 'RFC 7797', [
      {
        name: 'b64 false and crit, with claims signed as they are',
        password: token({
          header: { b64: false, crit: ['b64'] },
          signedText: plain({ b64: false, crit: ['b64'] }),
        }),
        expected: CRIT,
      },
      {
        name: 'b64 false without crit, with claims signed as they are',
        password: token({ header: { b64: false }, signedText: plain({ b64: false }) }),
        expected: signatureInvalid(),
      },
      {
        name: 'b64 false without crit, with claims sent and signed as they are',
        password: token({
          header: { b64: false },
          claimsPart: claimsText,
          signedText: plain({ b64: false }),
        }),
        expected: malformed(
          `byte ${encode(JSON.stringify({ ...defaultHeader(), b64: false })).length + 1} of the token is none of base64url`,
        ),
      },
      ...[{ b64: 'false' }, { b64: 0 }, { b64: null }].map((header) => ({
        name: `${JSON.stringify(header)}, with claims signed as they are`,
        password: token({ header, signedText: plain(header) }),
        expected: signatureInvalid(),
      })),
      {
        name: 'an empty payload with the signature of one that is sent elsewhere',
        password: token({
          claimsPart: '',
          signedText: `${encode(JSON.stringify(defaultHeader()))}.${encode(claimsText)}`,
        }),
        expected: claimsUnreadable('not valid JSON'),
      },
      {
        name: 'an empty payload that is signed as empty',
        password: token({ claimsPart: '' }),
        expected: claimsUnreadable('not valid JSON'),
      },
    ]),
    ...attacks(
      'to have claims inflated, to other ones or to more than memory holds',
      'RFC 8725 section 3.6, CVE-2024-28176',
      [
        {
          name: 'zip DEF with deflated claims',
          password: token({ header: { zip: 'DEF' }, claimsText: stored }),
          expected: claimsUnreadable('not UTF-8'),
        },
        {
          name: 'zip GZ with the start of a gzip file as claims',
          password: token({ header: { zip: 'GZ' }, claimsText: Buffer.of(31, 139, 8, 0, 0, 0) }),
          expected: claimsUnreadable('not UTF-8'),
        },
      ],
    ),
    ...attacks('to have the claims taken for another kind of content', 'RFC 7519 section 5.2', [
      ...[
        ['application/xml', '<claims><sub>admin</sub></claims>'],
        ['application/x-www-form-urlencoded', 'iss=https%3A%2F%2Fk8s.example.com&sub=admin'],
        ['application/yaml', 'iss: https://k8s.example.com\nsub: admin\n'],
        ['text/plain', ''],
      ].map(([cty = '', claims = '']) => ({
        name: `cty ${cty} with such claims`,
        password: token({ header: { cty }, claimsText: claims }),
        expected: claimsUnreadable('not valid JSON'),
      })),
      {
        name: 'cty application/cbor with claims of a CWT',
        password: token({
          header: { cty: 'application/cwt' },
          claimsText: Buffer.from('a2016561646d696e041a5612aeb0', 'hex'),
        }),
        expected: claimsUnreadable('not UTF-8'),
      },
    ]),
  ];
}
