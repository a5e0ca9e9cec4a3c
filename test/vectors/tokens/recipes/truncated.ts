// Tokens that were cut on their way, at the lengths at which programs are known to cut and at others.
import type { Mint } from '../mint.ts';
import type { Expected } from '../vector.ts';
import { granted, type Recipe } from './recipe.ts';

const HINTS: Readonly<Record<number, string>> = {
  511: 'Stock pam_exec.so hands over at most 511 bytes: use pam_pgtoken.so in the PAM service file.',
  995: 'PgBouncer before 1.17 keeps at most 995 bytes of a password: upgrade the pooler.',
  2047: 'PgBouncer up to 1.25.2 keeps at most 2047 bytes of a password: upgrade it or use shorter tokens.',
  4095: 'A terminal cuts a pasted line at 4095 bytes: do not paste the token, read it from a file into PGPASSWORD.',
};
const ANY_HINT =
  'Look for a length limit between client and server: a driver, a pooler, a shell or a file.';

const BEHEADED: Expected = {
  code: 'ERR_TOKEN_TRUNCATED',
  message: 'the token lost its first 3 bytes on its way',
  hint: 'PgBouncer 1.23 to 1.25.2 takes them off a password that does not fit into pkt_buf (4096 bytes by default): upgrade it or use shorter tokens.',
};
const NO_TOKEN: Expected = {
  code: 'ERR_NOT_A_TOKEN',
  message: 'the password is not a JWT; expected three parts in base64url that start with "ey"',
  hint: 'Send the token as the password, for example in PGPASSWORD.',
};

const cut = (whole: string, bytes: number, evidence: string) =>
  ({
    password: whole.slice(0, bytes),
    expected: {
      code: 'ERR_TOKEN_TRUNCATED',
      message: `the token was cut to ${bytes} bytes on its way: ${evidence}`,
      hint: HINTS[bytes] ?? ANY_HINT,
    },
  }) as const;

export function truncated({ token }: Mint): Recipe[] {
  const real = token({ bytes: 1200 });
  const long = token({ bytes: 4400 });
  const big = token({ key: 'cluster-rs512', bytes: 1400 });
  const es256 = token({ key: 'cluster-es256' });
  const header = real.indexOf('.');
  const claims = real.lastIndexOf('.');
  const bigClaims = big.lastIndexOf('.');
  return [
    ...[511, 995, 1023, 2047, 4095].map((bytes) => ({
      name: `grants a whole token of exactly ${bytes} bytes`,
      password: token({ key: bytes === 511 ? 'cluster-eddsa' : 'cluster-rs256', bytes }),
      expected: granted(),
    })),
    ...[4000, 16_000].map((bytes) => ({
      name: `grants a whole token of ${bytes} bytes`,
      password: token({ bytes }),
      expected: granted(),
    })),
    {
      name: 'names stock pam_exec for a token that was cut to 511 bytes in its claims',
      ...cut(real, 511, 'it ends in its claims'),
    },
    {
      name: 'names PgBouncer before 1.17 for a token that was cut to 995 bytes in its signature',
      ...cut(real, 995, 'its RS256 signature has 102 of at least 256 bytes'),
    },
    {
      name: 'names no program for a token that was cut to 1023 bytes, where none is known to cut',
      ...cut(real, 1023, 'its RS256 signature has 123 of at least 256 bytes'),
    },
    {
      name: 'names PgBouncer for a token that was cut to 2047 bytes in its claims',
      ...cut(long, 2047, 'it ends in its claims'),
    },
    {
      name: 'names the terminal for a token that was cut to 4095 bytes in its signature',
      ...cut(long, 4095, 'its RS256 signature has 27 of at least 256 bytes'),
    },
    {
      name: 'names stock pam_exec for a token that was cut to 511 bytes right before its signature',
      ...cut(token({ bytes: 511 + 1 + 342 }), 511, 'it ends in its claims'),
    },
    {
      name: 'names stock pam_exec for a token that was cut to 511 bytes right behind its second dot',
      ...cut(token({ bytes: 511 + 342 }), 511, 'its RS256 signature has 0 of at least 256 bytes'),
    },
    {
      name: 'sees that a token by a 4096-bit key was cut where base64url may not end',
      ...cut(
        token({ key: 'cluster-rs512', bytes: 1023 + 282 }),
        1023,
        'its RS512 signature ends in the middle of a byte',
      ),
    },
    {
      name: 'sees a cut in the header',
      ...cut(real, 20, 'it ends in its header'),
    },
    {
      name: 'sees a cut after four bytes',
      ...cut(real, 4, 'it ends in its header'),
    },
    {
      name: 'sees a cut right before the first dot',
      ...cut(real, header, 'it ends in its header'),
    },
    {
      name: 'sees a cut right behind the first dot',
      ...cut(real, header + 1, 'it ends in its claims'),
    },
    {
      name: 'sees that only the last byte is missing',
      ...cut(real, 1199, 'its RS256 signature has 255 of at least 256 bytes'),
    },
    {
      name: 'sees that only half of a signature is there, as much as a small key would make',
      ...cut(real, claims + 1 + 172, "its RS256 signature is 127 bytes shorter than the key's"),
    },
    {
      name: 'leaves open what a short signature by an unknown key is',
      password: token({
        header: { kid: 'unknown' },
        signature: (bytes) => bytes.subarray(0, 128),
      }),
      expected: {
        code: 'ERR_KEY_UNKNOWN',
        message:
          'the issuer has 8 keys, none with kid "unknown"; its signature has 128 bytes, as of an RSA key of 1024 bits, or it was cut on its way',
      },
    },
    {
      name: 'sees that half of an ES256 signature is missing',
      ...cut(es256, es256.length - 43, 'its ES256 signature has 32 of 64 bytes'),
    },
    {
      name: 'sees that the signature is missing',
      ...cut(real, claims + 1, 'its RS256 signature has 0 of at least 256 bytes'),
    },
    ...[344, 345, 346, 347].map((characters) => ({
      name: `sees that of a 4096-bit key's signature only ${characters} characters are there`,
      ...cut(
        big,
        bigClaims + 1 + characters,
        characters % 4 === 0
          ? "its RS512 signature is 254 bytes shorter than the key's"
          : 'its RS512 signature ends in the middle of a byte',
      ),
    })),
    ...[3, 2051].map((bytes) => ({
      name: `names PgBouncer 1.23 for a token that lost its start${bytes === 3 ? '' : ', and its end'}`,
      password: long.slice(3, bytes === 3 ? undefined : bytes),
      expected: BEHEADED,
    })),
    ...[2, 4].map((bytes) => ({
      name: `takes what lacks ${bytes} bytes of its start for no token`,
      password: long.slice(bytes),
      expected: NO_TOKEN,
    })),
    {
      name: "sees that of a 4096-bit key's signature only 256 bytes are there, as many as a 2048-bit key makes",
      password: token({ key: 'cluster-rs512', signature: (bytes) => bytes.subarray(0, 256) }),
      expected: {
        code: 'ERR_TOKEN_TRUNCATED',
        message: `the token was cut to ${token({ key: 'cluster-rs512', signature: (bytes) => bytes.subarray(0, 256) }).length} bytes on its way: its RS512 signature is 256 bytes shorter than the key's`,
      },
    },
  ];
}
