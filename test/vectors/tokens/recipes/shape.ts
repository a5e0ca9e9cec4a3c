// What stands between the dots: parts, base64url and JSON.
import { encode, type Mint } from '../mint.ts';
import type { Recipe } from './recipe.ts';

const TWICE = 'a member stands twice in the same object';

const refused = (name: string, password: string, message: string, hint?: string): Recipe => ({
  name,
  password,
  expected: {
    code: 'ERR_TOKEN_MALFORMED',
    message,
    ...(hint === undefined ? {} : { hint }),
  },
});

const withMember = (text: string, member: string): string => `${text.slice(0, -1)},${member}}`;

// The last character of a part with a bit set that decoding drops.
const strayBit = (part: string): string => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  if (part.length % 4 < 2) throw new Error('every bit of this part counts');
  return part.slice(0, -1) + alphabet.charAt(alphabet.indexOf(part.at(-1)!) ^ 1);
};

const unaligned = (text: string): string => (text.length % 3 === 0 ? `${text} ` : text);

const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

export function shape({ token, defaultHeader, defaultClaims }: Mint): Recipe[] {
  const valid = token();
  const [header = '', claims = '', signature = ''] = valid.split('.');
  const badHeader = (name: string, headerText: string | Uint8Array, problem: string): Recipe =>
    refused(name, token({ headerText }), `the header of the token cannot be read: ${problem}`);
  const badClaims = (name: string, claimsText: string | Uint8Array, problem: string): Recipe =>
    refused(name, token({ claimsText }), `the claims of the token cannot be read: ${problem}`);

  const headerText = JSON.stringify(defaultHeader());
  const claimsText = JSON.stringify(defaultClaims());

  return [
    refused(
      'refuses four parts',
      `${valid}.${signature}`,
      'the token has 4 parts; expected 3 (header, claims, signature)',
    ),
    refused(
      'refuses an empty fourth part',
      `${valid}.`,
      'the token has 4 parts; expected 3 (header, claims, signature)',
    ),
    refused(
      'says that five parts are an encrypted token',
      `${encode('{"alg":"RSA-OAEP","enc":"A256GCM"}')}.AAAA.AAAA.AAAA.AAAA`,
      'the token has 5 parts; expected 3 (header, claims, signature)',
      'Encrypted tokens (JWE) are not accepted.',
    ),
    refused(
      'refuses an encrypted token whose key part is empty',
      `${encode('{"alg":"dir","enc":"A256GCM"}')}..AAAA.AAAA.AAAA`,
      'the token has 5 parts; expected 3 (header, claims, signature)',
      'Encrypted tokens (JWE) are not accepted.',
    ),
    refused(
      'refuses a thousand parts',
      `${header}${'.e30'.repeat(999)}`,
      'the token has 1000 parts; expected 3 (header, claims, signature)',
    ),
    refused(
      'refuses empty claims',
      `${header}..${signature}`,
      'the claims of the token cannot be read: not valid JSON',
    ),
    refused(
      'refuses a header with a bit that decoding would drop',
      `${strayBit(encode(unaligned(headerText)))}.${claims}.${signature}`,
      'the header of the token is no valid base64url',
    ),
    refused(
      'refuses claims with a bit that decoding would drop, even when they are signed that way',
      token({ claimsPart: strayBit(encode(unaligned(claimsText))) }),
      'the claims of the token is no valid base64url',
    ),
    refused(
      'refuses claims with one character too many',
      token({ claimsPart: `${encode(claimsText + ' '.repeat(3 - (claimsText.length % 3)))}A` }),
      'the claims of the token is no valid base64url',
    ),
    refused(
      'refuses a signature with a bit that decoding would drop',
      token({ signature: (bytes) => strayBit(encode(bytes)) }),
      'the signature is no valid base64url',
    ),
    refused(
      'refuses an ES256 signature with a bit that decoding would drop',
      token({ key: 'cluster-es256', signature: (bytes) => strayBit(encode(bytes)) }),
      'the signature is no valid base64url',
    ),
    refused(
      'refuses an ES256 signature with a byte too many',
      token({ key: 'cluster-es256', signature: (bytes) => Buffer.concat([bytes, Buffer.of(0)]) }),
      'the ES256 signature has 65 bytes; expected 64',
    ),
    refused(
      'refuses an ES384 signature under alg ES256',
      token({ key: 'cluster-es384', header: { alg: 'ES256', kid: 'cluster-es256' } }),
      'the ES256 signature has 96 bytes; expected 64',
    ),

    badHeader('refuses a header that is no JSON', '{"alg":', 'not valid JSON'),
    badHeader('refuses a header in single quotes', "{ 'alg': 'RS256' }", 'not valid JSON'),
    badHeader(
      'refuses a header with a comment',
      `{ /* */ ${headerText.slice(1)}`,
      'not valid JSON',
    ),
    badHeader(
      'refuses a header with a trailing comma',
      withMember(headerText, '').replace(',}', ',}'),
      'not valid JSON',
    ),
    badHeader('refuses a header with something behind it', `${headerText}{}`, 'not valid JSON'),
    badHeader('refuses a header with a NUL byte behind it', `${headerText}\0`, 'not valid JSON'),
    badHeader(
      'refuses a header that is not UTF-8',
      Buffer.from(withMember(headerText, '"x":"\u00ff"'), 'latin1'),
      'not UTF-8',
    ),
    badHeader('refuses alg twice in the header', withMember(headerText, '"alg":"none"'), TWICE),
    badHeader('refuses kid twice in the header', withMember(headerText, '"kid":"x"'), TWICE),
    badHeader(
      'refuses a member of the header twice with the same value',
      withMember(headerText, '"typ":"JWT"'),
      TWICE,
    ),
    badHeader(
      'refuses a member twice when one of its names is written with escapes',
      withMember(headerText, String.raw`"\u0061l\u0067":"none"`),
      TWICE,
    ),
    badHeader(
      'refuses a member twice in an object inside the header',
      withMember(headerText, '"jwk":{"kty":"RSA","kty":"oct"}'),
      TWICE,
    ),
    badHeader(
      'refuses a header that is nested too deeply',
      withMember(headerText, `"x":${nested(32)}`),
      'nested deeper than 32 levels',
    ),

    badClaims('refuses claims that are no JSON', claimsText.slice(0, -1), 'not valid JSON'),
    badClaims('refuses claims with a byte order mark', `\u{FEFF}${claimsText}`, 'not valid JSON'),
    badClaims('refuses claims in UTF-16', Buffer.from(claimsText, 'utf16le'), 'not valid JSON'),
    badClaims(
      'refuses claims that are not UTF-8',
      Buffer.from(withMember(claimsText, '"x":"\u00c0\u00af"'), 'latin1'),
      'not UTF-8',
    ),
    badClaims(
      'refuses claims with half a surrogate pair in UTF-8',
      Buffer.from(withMember(claimsText, '"x":"\u00ed\u00a0\u0080"'), 'latin1'),
      'not UTF-8',
    ),
    badClaims('refuses claims with NaN', withMember(claimsText, '"x":NaN'), 'not valid JSON'),
    badClaims(
      'refuses claims with a raw line break in a text',
      withMember(claimsText, '"x":"\n"'),
      'not valid JSON',
    ),
    ...['[]', `[${claimsText}]`, 'null', 'true', '1', '"x"'].map((text) =>
      badClaims(`refuses claims that are ${text.slice(0, 8)}`, text, 'not a JSON object'),
    ),
    badClaims(
      'refuses sub twice in the claims',
      withMember(claimsText, '"sub":"system:serviceaccount:foo:admin"'),
      TWICE,
    ),
    badClaims('refuses exp twice in the claims', withMember(claimsText, '"exp":4102444800'), TWICE),
    badClaims('refuses an empty name twice', withMember(claimsText, '"":1,"":2'), TWICE),
    badClaims(
      'refuses __proto__ twice',
      withMember(claimsText, '"__proto__":{},"__proto__":{}'),
      TWICE,
    ),
    badClaims(
      'refuses a member twice in an object inside a list',
      withMember(claimsText, '"x":[1,{"a":[],"b":1,"a":{}}]'),
      TWICE,
    ),
    badClaims(
      'is not misled by brackets, colons and quotes inside of texts',
      withMember(claimsText, String.raw`"x":"}],{\":[\\","y":"\\\"","y":1`),
      TWICE,
    ),
    badClaims(
      'refuses claims that are nested too deeply',
      withMember(claimsText, `"x":${nested(32)}`),
      'nested deeper than 32 levels',
    ),
    badClaims(
      'refuses claims that are nested five thousand levels deep',
      withMember(claimsText, `"x":${'{"a":'.repeat(1000)}${nested(1000)}${'}'.repeat(1000)}`),
      'over 2000 values',
    ),
    {
      name: 'takes claims that are nested 32 levels deep',
      password: token({ claimsText: withMember(claimsText, `"x":${nested(31)}`) }),
      expected: { granted: true, issuer: 'cluster' },
    },
  ];
}
