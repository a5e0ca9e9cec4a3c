// The libraries whose tokens and key sets are tried, with what each does when nothing else is asked of it.

export type Ecosystem = 'npm' | 'PyPI' | 'Go' | 'Maven' | 'crates' | 'Debian';

export interface Library {
  /** As it is called in docs/understand/compatibility.md. */
  readonly name: string;
  readonly ecosystem: Ecosystem;
  /** What the ecosystem calls it. */
  readonly package: string;
  /** The program of `makers/` that uses it. */
  readonly maker: string;
  /** What it signs with, of what pgtoken accepts. */
  readonly algorithms: readonly string[];
  /** How it hands out public keys: as JWKs, or in PEM where it knows no JWK. */
  readonly keys: 'JWKS' | 'PEM';
  /** What has a `kid`, when nobody asks for one: tokens and JWKs, the JWKs alone, or neither. */
  readonly kid: 'tokens' | 'keys' | 'none';
  /** What it makes and pgtoken refuses, with the reason. */
  readonly refused?: readonly Refused[];
}

export interface Refused {
  /** The word for the maker. */
  readonly algorithm: string;
  /** What is wrong with the token. */
  readonly what: string;
  readonly code: string;
}

const RS = ['RS256', 'RS384', 'RS512'];
const PS = ['PS256', 'PS384', 'PS512'];
const ES = ['ES256', 'ES384', 'ES512'];

export const LIBRARIES: readonly Library[] = [
  // npm
  {
    name: 'jsonwebtoken',
    ecosystem: 'npm',
    package: 'jsonwebtoken',
    maker: 'jsonwebtoken-maker.js',
    algorithms: [...RS, ...PS, ...ES],
    keys: 'PEM',
    kid: 'none',
  },
  {
    name: 'fast-jwt',
    ecosystem: 'npm',
    package: 'fast-jwt',
    maker: 'fast-jwt-maker.js',
    algorithms: [...RS, ...PS, ...ES, 'EdDSA'],
    keys: 'PEM',
    kid: 'none',
  },
  {
    name: 'node-jose',
    ecosystem: 'npm',
    package: 'node-jose',
    maker: 'node-jose-maker.js',
    algorithms: [...RS, ...PS, ...ES],
    keys: 'JWKS',
    kid: 'tokens',
  },
  {
    name: 'jsrsasign',
    ecosystem: 'npm',
    package: 'jsrsasign',
    maker: 'jsrsasign-maker.js',
    algorithms: [...RS, ...PS, ...ES],
    keys: 'JWKS',
    kid: 'keys',
    // It writes r and s two bytes short where both begin with a zero byte, for one of four tokens (RFC 7518
    // section 3.4 has 132 bytes).
    refused: [
      {
        algorithm: 'ES512-short',
        what: 'with 130 bytes of ES512 signature',
        code: 'ERR_TOKEN_TRUNCATED',
      },
    ],
  },
  {
    name: 'Hono',
    ecosystem: 'npm',
    package: 'hono',
    maker: 'hono-maker.js',
    algorithms: [...RS, ...PS, ...ES, 'EdDSA'],
    keys: 'JWKS',
    kid: 'none',
  },
  {
    name: 'cloudflare-worker-jwt',
    ecosystem: 'npm',
    package: '@tsndr/cloudflare-worker-jwt',
    maker: 'cloudflare-worker-jwt-maker.js',
    algorithms: [...RS, ...ES],
    keys: 'JWKS',
    kid: 'none',
  },
  // PyPI
  {
    name: 'PyJWT',
    ecosystem: 'PyPI',
    package: 'PyJWT',
    maker: 'pyjwt_maker.py',
    algorithms: [...RS, ...PS, ...ES, 'EdDSA'],
    keys: 'JWKS',
    kid: 'none',
  },
  {
    name: 'Authlib',
    ecosystem: 'PyPI',
    package: 'authlib',
    maker: 'authlib_maker.py',
    algorithms: [...RS, ...PS, ...ES, 'EdDSA'],
    keys: 'JWKS',
    kid: 'keys',
  },
  {
    name: 'joserfc',
    ecosystem: 'PyPI',
    package: 'joserfc',
    maker: 'joserfc_maker.py',
    algorithms: [...RS, ...PS, ...ES, 'EdDSA', 'Ed25519'],
    keys: 'JWKS',
    kid: 'tokens',
  },
  {
    name: 'JWCrypto',
    ecosystem: 'PyPI',
    package: 'jwcrypto',
    maker: 'jwcrypto_maker.py',
    algorithms: [...RS, ...PS, ...ES, 'EdDSA', 'Ed25519'],
    keys: 'JWKS',
    kid: 'none',
  },
  {
    name: 'python-jose',
    ecosystem: 'PyPI',
    package: 'python-jose',
    maker: 'python_jose_maker.py',
    algorithms: [...RS, ...ES],
    keys: 'JWKS',
    kid: 'none',
  },
  {
    name: 'jwskate',
    ecosystem: 'PyPI',
    package: 'jwskate',
    maker: 'jwskate_maker.py',
    algorithms: [...RS, ...PS, ...ES, 'EdDSA'],
    keys: 'JWKS',
    kid: 'keys',
  },
  {
    name: 'CryptoJWT',
    ecosystem: 'PyPI',
    package: 'cryptojwt',
    maker: 'cryptojwt_maker.py',
    // For ES512 it looks for a key of a curve P-512, and so finds none.
    algorithms: [...RS, ...PS, 'ES256', 'ES384', 'EdDSA', 'Ed25519'],
    keys: 'JWKS',
    kid: 'tokens',
  },
  {
    name: 'pyjwkest',
    ecosystem: 'PyPI',
    package: 'pyjwkest',
    maker: 'pyjwkest_maker.py',
    algorithms: [...RS, ...PS, ...ES],
    keys: 'JWKS',
    kid: 'none',
  },
  // Go
  {
    name: 'go-jose',
    ecosystem: 'Go',
    package: 'github.com/go-jose/go-jose/v4',
    maker: 'gojose',
    algorithms: [...RS, ...PS, ...ES, 'EdDSA'],
    keys: 'JWKS',
    kid: 'none',
  },
  {
    name: 'golang-jwt with jwkset',
    ecosystem: 'Go',
    package: 'github.com/golang-jwt/jwt/v5',
    maker: 'golangjwt',
    algorithms: [...RS, ...PS, ...ES, 'EdDSA'],
    keys: 'JWKS',
    kid: 'none',
  },
  {
    name: 'jwx',
    ecosystem: 'Go',
    package: 'github.com/lestrrat-go/jwx/v3',
    maker: 'jwx',
    algorithms: [...RS, ...PS, ...ES, 'EdDSA', 'Ed25519'],
    keys: 'JWKS',
    kid: 'tokens',
  },
  {
    name: 'kataras/jwt',
    ecosystem: 'Go',
    package: 'github.com/kataras/jwt',
    maker: 'kataras',
    algorithms: [...RS, ...ES, 'EdDSA'],
    keys: 'PEM',
    kid: 'none',
    // It takes the longest salt that the key has room for; RFC 7518 section 3.5 has one as long as the hash.
    refused: PS.map((algorithm) => ({
      algorithm,
      what: 'whose salt is longer than its hash',
      code: 'ERR_SIGNATURE_INVALID',
    })),
  },
  {
    name: 'Tink',
    ecosystem: 'Go',
    package: 'github.com/tink-crypto/tink-go/v2',
    maker: 'tink',
    algorithms: [...RS, ...PS, ...ES],
    keys: 'JWKS',
    kid: 'tokens',
  },
  {
    name: 'jose2go',
    ecosystem: 'Go',
    package: 'github.com/dvsekhvalnov/jose2go',
    maker: 'jose2go',
    algorithms: [...RS, ...PS, ...ES],
    keys: 'PEM',
    kid: 'none',
  },
  // Maven
  {
    name: 'Nimbus JOSE + JWT',
    ecosystem: 'Maven',
    package: 'com.nimbusds:nimbus-jose-jwt',
    maker: 'Nimbus',
    // For EdDSA it needs Tink beside it.
    algorithms: [...RS, ...PS, ...ES],
    keys: 'JWKS',
    kid: 'none',
  },
  {
    name: 'JJWT',
    ecosystem: 'Maven',
    package: 'io.jsonwebtoken:jjwt-impl',
    maker: 'Jjwt',
    algorithms: [...RS, ...PS, ...ES, 'EdDSA'],
    keys: 'JWKS',
    kid: 'none',
    // What it generates for EdDSA when no curve is named.
    refused: [
      { algorithm: 'Ed448', what: 'of alg EdDSA by a key of Ed448', code: 'ERR_TOKEN_MALFORMED' },
    ],
  },
  {
    name: 'jose4j',
    ecosystem: 'Maven',
    package: 'org.bitbucket.b_c:jose4j',
    maker: 'Jose4j',
    algorithms: [...RS, ...PS, ...ES, 'EdDSA'],
    keys: 'JWKS',
    kid: 'none',
  },
  {
    name: 'FusionAuth JWT',
    ecosystem: 'Maven',
    package: 'io.fusionauth:fusionauth-jwt',
    maker: 'Fusionauth',
    algorithms: [...RS, ...PS, ...ES],
    keys: 'JWKS',
    kid: 'none',
  },
  {
    name: 'Auth0 java-jwt',
    ecosystem: 'Maven',
    package: 'com.auth0:java-jwt',
    maker: 'Auth0',
    algorithms: [...RS, ...ES],
    keys: 'PEM',
    kid: 'none',
  },
  // crates
  {
    name: 'jsonwebtoken (Rust)',
    ecosystem: 'crates',
    package: 'jsonwebtoken',
    maker: 'jsonwebtoken',
    algorithms: [...RS, ...PS, 'ES256', 'ES384'],
    keys: 'JWKS',
    kid: 'none',
  },
  {
    name: 'josekit',
    ecosystem: 'crates',
    package: 'josekit',
    maker: 'josekit',
    algorithms: [...RS, ...PS, ...ES, 'EdDSA'],
    keys: 'JWKS',
    kid: 'none',
  },
  {
    name: 'jwt-compact',
    ecosystem: 'crates',
    package: 'jwt-compact',
    maker: 'jwt_compact',
    algorithms: [...RS, ...PS, 'ES256', 'EdDSA', 'Ed25519'],
    keys: 'JWKS',
    kid: 'none',
  },
  {
    name: 'jwt-simple',
    ecosystem: 'crates',
    package: 'jwt-simple',
    maker: 'jwt_simple',
    algorithms: [...RS, ...PS, 'ES256', 'ES384', 'EdDSA', 'ML-DSA-44', 'ML-DSA-65', 'ML-DSA-87'],
    keys: 'JWKS',
    kid: 'none',
  },
  // Debian
  {
    name: 'José',
    ecosystem: 'Debian',
    package: 'jose',
    maker: 'jose',
    algorithms: [...RS, ...PS, ...ES],
    keys: 'JWKS',
    kid: 'none',
  },
  {
    name: 'Rhonabwy',
    ecosystem: 'Debian',
    package: 'rnbyc',
    maker: 'rnbyc',
    algorithms: [...RS, ...PS, ...ES, 'EdDSA'],
    keys: 'JWKS',
    kid: 'tokens',
  },
  {
    name: 'cjose',
    ecosystem: 'Debian',
    package: 'libcjose0',
    maker: 'cjose',
    algorithms: [...RS, ...PS, ...ES],
    keys: 'JWKS',
    kid: 'none',
  },
  {
    name: 'libjwt',
    ecosystem: 'Debian',
    package: 'libjwt0',
    maker: 'libjwt',
    algorithms: [...RS, ...ES],
    keys: 'PEM',
    kid: 'none',
  },
  {
    name: 'Crypt::JWT',
    ecosystem: 'Debian',
    package: 'libcrypt-jwt-perl',
    maker: 'crypt-jwt',
    algorithms: [...RS, ...PS, ...ES, 'EdDSA'],
    keys: 'JWKS',
    kid: 'none',
  },
  {
    name: 'ruby-jwt',
    ecosystem: 'Debian',
    package: 'ruby-jwt',
    maker: 'ruby-jwt',
    // For EdDSA it needs RbNaCl beside it.
    algorithms: [...RS, ...PS, ...ES],
    keys: 'JWKS',
    kid: 'keys',
  },
];
