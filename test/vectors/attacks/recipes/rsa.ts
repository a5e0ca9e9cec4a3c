// RSA: every way to get the padding wrong, signed with the true key so that only the padding is; and signatures that need no
// key where a verifier looks at half of it.
import type { Mint } from '../../tokens/mint.ts';
import type { Recipe } from '../../tokens/recipes/recipe.ts';
import {
  cubeRootAbove,
  digest,
  digestInfo,
  pkcs1,
  pss,
  rawRSA,
  toBytes,
  toNumber,
} from '../forge.ts';
import { type AttackRecipe, attacks, signatureInvalid, truncated } from './attack-recipe.ts';

const BYTES = 256;

const info = (text: string): Buffer => digestInfo('sha256', text);
const hash = (text: string): Buffer => digest('sha256', text);
const hex = (text: string): Buffer => Buffer.from(text, 'hex');

export function rsa({ token, privateKey, publicKey }: Mint): AttackRecipe[] {
  const modulus = toNumber(Buffer.from(publicKey('cluster-rs256').n ?? '', 'base64url'));
  const signed = (name: string, block: (text: string) => Buffer): Recipe => ({
    name,
    password: token({
      signature: (_, text) => rawRSA(privateKey('cluster-rs256'), block(text)),
    }),
    expected: signatureInvalid(),
  });
  const padded = (name: string, block: (text: string) => Buffer): Recipe => ({
    name,
    password: token({
      key: 'cluster-ps256',
      signature: (_, text) => rawRSA(privateKey('cluster-ps256'), block(text)),
    }),
    expected: signatureInvalid('cluster-ps256', 'PS256'),
  });
  const number = (name: string, value: bigint): Recipe => ({
    name,
    password: token({ signature: () => toBytes(value, BYTES) }),
    expected: signatureInvalid(),
  });
  const OID = '0609608648016503040201';

  return [
    ...attacks(
      'to have a padding accepted that leaves room for a forgery',
      'RFC 8017 section 8.2.2, CVE-2006-4339',
      [
        signed('block type 2', (text) => pkcs1(info(text), BYTES, 2)),
        signed('block type 0', (text) => pkcs1(info(text), BYTES, 0, 0)),
        signed('zeros instead of FF', (text) => pkcs1(info(text), BYTES, 1, 0)),
        signed('FE instead of FF', (text) => pkcs1(info(text), BYTES, 1, 0xfe)),
        signed('one byte of the padding changed', (text) => {
          const block = pkcs1(info(text), BYTES);
          block[20] = 0xfe;
          return block;
        }),
        signed('the least padding and garbage behind the hash', (text) =>
          Buffer.concat([pkcs1(info(text), 11 + info(text).length), Buffer.alloc(194, 0x55)]),
        ),
        signed('the least padding and zeros behind the hash', (text) =>
          Buffer.concat([pkcs1(info(text), 11 + info(text).length), Buffer.alloc(194)]),
        ),
        signed('one byte of garbage behind the hash', (text) =>
          Buffer.concat([pkcs1(info(text), BYTES - 1), Buffer.of(0)]),
        ),
        signed('no zero between padding and content', (text) => {
          const block = pkcs1(info(text), BYTES);
          block[BYTES - info(text).length - 1] = 0xff;
          return block;
        }),
        signed('two zeros between padding and content', (text) =>
          pkcs1(Buffer.concat([Buffer.of(0), info(text)]), BYTES),
        ),
        signed('the hash without DigestInfo', (text) => pkcs1(hash(text), BYTES)),
        signed('the hash without padding', (text) =>
          Buffer.concat([Buffer.alloc(BYTES - 32), hash(text)]),
        ),
        signed('the text without a hash', (text) =>
          pkcs1(Buffer.from(text).subarray(0, 200), BYTES),
        ),
      ],
    ),
    ...attacks(
      'to have a DigestInfo accepted that is written in another way',
      'RFC 8017 appendix B.1, CVE-2014-1568, CVE-2016-1494',
      [
        signed('no parameters', (text) =>
          pkcs1(Buffer.concat([hex(`302f300b${OID}0420`), hash(text)]), BYTES),
        ),
        signed('parameters other than NULL', (text) =>
          pkcs1(Buffer.concat([hex(`3031300d${OID}04000420`), hash(text)]), BYTES),
        ),
        signed('a length in the long form', (text) =>
          pkcs1(Buffer.concat([hex(`308131300d${OID}05000420`), hash(text)]), BYTES),
        ),
        signed('a length of the hash in the long form', (text) =>
          pkcs1(Buffer.concat([hex(`3032300d${OID}0500048120`), hash(text)]), BYTES),
        ),
        signed('an indefinite length', (text) =>
          pkcs1(Buffer.concat([hex(`3080300d${OID}05000420`), hash(text), hex('0000')]), BYTES),
        ),
        signed('something behind the hash inside', (text) =>
          pkcs1(Buffer.concat([hex(`3033300d${OID}05000420`), hash(text), hex('0500')]), BYTES),
        ),
        signed('a hash that is cut', (text) =>
          pkcs1(Buffer.concat([hex(`3021300d${OID}05000410`), hash(text).subarray(0, 16)]), BYTES),
        ),
      ],
    ),
    ...attacks('to have a weaker hash accepted', 'RFC 8725 section 3.2, RFC 7518 section 3.3', [
      ...(['md5', 'sha1', 'sha384', 'sha512'] as const).map((name) =>
        signed(`${name} under alg RS256`, (text) => pkcs1(digestInfo(name, text), BYTES)),
      ),
      padded('sha1 under alg PS256', (text) =>
        pss(text, BYTES, { hash: 'sha1', salt: Buffer.alloc(20, 1) }),
      ),
      padded('a mask by sha1 under alg PS256', (text) =>
        pss(text, BYTES, { mask: 'sha1', salt: Buffer.alloc(32, 1) }),
      ),
    ]),
    ...attacks(
      'to have PSS accepted with a salt that is not as long as the hash',
      'RFC 7518 section 3.5',
      [
        ...[0, 1, 20, 31, 33, 64, 222].map((length) =>
          padded(`a salt of ${length} bytes`, (text) =>
            pss(text, BYTES, { salt: Buffer.alloc(length, 1) }),
          ),
        ),
        padded('another last byte than BC', (text) => {
          const block = pss(text, BYTES, { salt: Buffer.alloc(32, 1) });
          block[BYTES - 1] = 0xcc;
          return block;
        }),
        padded('PKCS #1 v1.5 under alg PS256', (text) => pkcs1(info(text), BYTES)),
        signed('PSS under alg RS256', (text) => pss(text, BYTES, { salt: Buffer.alloc(32, 1) })),
      ],
    ),
    ...attacks('to have a number accepted that is out of range', 'RFC 8017 section 5.2.2', [
      number('the signature 0', 0n),
      number('the signature 1', 1n),
      number('the signature n - 1', modulus - 1n),
      number('the signature n', modulus),
      number('the signature n + 1', modulus + 1n),
      number('the largest number of 256 bytes', 2n ** 2048n - 1n),
      {
        name: 'a true signature with n added',
        password: withSmallSignature((jti) =>
          token({
            claims: { jti },
            signature: (signature) => {
              const sum = toNumber(signature) + modulus;
              return sum < 2n ** 2048n ? toBytes(sum, BYTES) : '';
            },
          }),
        ),
        expected: signatureInvalid(),
      },
      shortened((jti) =>
        token({
          claims: { jti },
          signature: (signature) => (signature[0] === 0 ? signature.subarray(1) : ''),
        }),
      ),
      {
        name: 'a true signature with a zero in front',
        password: token({ signature: (signature) => Buffer.concat([Buffer.of(0), signature]) }),
        expected: signatureInvalid(),
      },
      {
        name: 'a true signature with a zero behind',
        password: token({ signature: (signature) => Buffer.concat([signature, Buffer.of(0)]) }),
        expected: signatureInvalid(),
      },
      {
        name: 'a true signature twice',
        password: token({ signature: (signature) => Buffer.concat([signature, signature]) }),
        expected: signatureInvalid(),
      },
    ]),
    ...attacks(
      'to sign without the key, as nobody looks behind the hash and the exponent is 3',
      'CVE-2006-4339',
      [false, true].map((behind) => ({
        name: behind
          ? 'the cube root of a padding with garbage behind the hash'
          : 'the number 2, whose cube is not reduced',
        policy: 'low-exponent',
        password: token({
          key: 'low-exponent',
          signature: (_, text) =>
            behind
              ? toBytes(
                  cubeRootAbove(
                    toNumber(
                      Buffer.concat([pkcs1(info(text), 11 + info(text).length), Buffer.alloc(194)]),
                    ),
                  ),
                  BYTES,
                )
              : toBytes(2n, BYTES),
        }),
        expected: signatureInvalid('low-exponent'),
      })),
    ),
    ...attacks('to sign with the public key', 'RFC 8725 section 2.1', [
      {
        name: 'the public key operation on a right padding',
        password: token({
          signature: (_, text) =>
            toBytes(power(toNumber(pkcs1(info(text), BYTES)), 65_537n, modulus), BYTES),
        }),
        expected: signatureInvalid(),
      },
      {
        name: 'a right padding, not signed at all',
        password: token({ signature: (_, text) => pkcs1(info(text), BYTES) }),
        expected: signatureInvalid(),
      },
    ]),
  ];
}

/** Tries one token after the other until its signature is one that can be changed as wanted. */
function withSmallSignature(make: (jti: string) => string): string {
  for (let n = 0; n < 10_000; n += 1) {
    const password = make(String(n));
    if (!password.endsWith('.')) return password;
  }
  throw new Error('no signature is small enough');
}

function shortened(make: (jti: string) => string): Recipe {
  const password = withSmallSignature(make);
  return {
    name: 'a true signature without the zero that it begins with',
    password,
    expected: truncated(password, "its RS256 signature is 1 byte shorter than the key's"),
  };
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  let factor = base % modulus;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * factor) % modulus;
    factor = (factor * factor) % modulus;
  }
  return result;
}
