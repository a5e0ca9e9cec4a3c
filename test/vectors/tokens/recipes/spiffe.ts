// JWT-SVIDs: tokens of a trust domain, told by their sub and verified by its bundle.
import type { Mint, TokenOptions } from '../mint.ts';
import { granted, type Recipe } from './recipe.ts';

const NO_DOMAIN = 'Add it to issuers.yaml if its tokens are to be accepted.';

const vector = (
  name: string,
  password: string,
  expected: Recipe['expected'],
  role = 'foo:web',
): Recipe => ({ name, policy: 'spiffe', role, password, expected });

export function spiffe({ token }: Mint): Recipe[] {
  const svid = (sub: unknown, options: TokenOptions = {}): string =>
    token({
      key: 'cluster-es256',
      ...options,
      claims: { iss: undefined, sub, ...options.claims },
    });
  const ID = 'spiffe://example.org/ns/foo/sa/web';
  const malformed = (sub: string): Recipe =>
    vector(`refuses ${sub}, which is no SPIFFE ID`, svid(sub), {
      code: 'ERR_CLAIM_REJECTED',
      message: `sub is "${sub}"; expected a SPIFFE ID of trust domain "example.org"`,
      hint: 'A SPIFFE ID has no port, query or escapes, and no empty or dotted segments.',
    });
  const unknown = (domain: string, sub = `spiffe://${domain}/ns/foo/sa/web`): Recipe =>
    vector(`refuses the trust domain ${domain}`, svid(sub), {
      code: 'ERR_ISSUER_UNKNOWN',
      message: `trust domain "${domain}" is not configured; expected "example.org", "partner.example"`,
      hint: NO_DOMAIN,
    });
  return [
    vector('grants a JWT-SVID without iss', svid(ID), granted('spire')),
    vector(
      'grants a JWT-SVID without typ',
      svid(ID, { header: { typ: undefined } }),
      granted('spire'),
    ),
    vector(
      'grants a JWT-SVID of type JOSE',
      svid(ID, { header: { typ: 'JOSE' } }),
      granted('spire'),
    ),
    vector(
      'grants a JWT-SVID whatever its iss',
      svid(ID, { claims: { iss: 'https://anything.example' } }),
      granted('spire'),
    ),
    vector(
      'grants a JWT-SVID whose iss is no text',
      svid(ID, { claims: { iss: 1 } }),
      granted('spire'),
    ),
    vector(
      'grants a JWT-SVID by a trust domain whose keys come as a JWKS',
      svid('spiffe://partner.example/web', { key: 'people-es256' }),
      granted('partner'),
      'web',
    ),
    vector(
      'lets an issuer judge by its URL what also names a trust domain',
      svid(ID, { claims: { iss: 'https://k8s.example.com' } }),
      granted('cluster'),
      'somebody',
    ),

    malformed('spiffe://example.org//ns/foo/sa/web'),
    malformed('spiffe://example.org/ns/foo/sa/web/'),
    malformed('spiffe://example.org/ns/../ns/foo/sa/web'),
    malformed('spiffe://example.org/ns/foo/sa/web?x'),
    malformed('spiffe://example.org/ns/foo/sa/w%65b'),
    unknown('example.com'),
    unknown('Example.org'),
    unknown('example.org.attacker.example'),
    unknown('example.org:8443'),
    unknown('user@example.org'),

    vector(
      'refuses a JWT-SVID signed by a key of another trust domain',
      svid(ID, { key: 'people-es256' }),
      {
        code: 'ERR_KEY_UNKNOWN',
        message: 'the issuer has 2 keys, none with kid "people-es256"',
      },
    ),
    vector(
      'refuses a JWT-SVID signed by a key of the bundle that is for X.509-SVIDs',
      svid(ID, { key: 'attacker-es256' }),
      {
        code: 'ERR_KEY_UNKNOWN',
        message:
          'the issuer\'s key with kid "attacker-es256" cannot be used: it has use "x509-svid"; expected "jwt-svid"',
      },
    ),
    vector(
      'refuses a JWT-SVID signed by a key of the bundle for another use',
      svid(ID, { key: 'cluster-rs256' }),
      {
        code: 'ERR_KEY_UNKNOWN',
        message:
          'the issuer\'s key with kid "cluster-rs256" cannot be used: it has use "sig"; expected "jwt-svid"',
      },
    ),
    vector(
      'refuses a JWT-SVID signed by a key of the bundle without use',
      svid(ID, { key: 'cluster-es384' }),
      {
        code: 'ERR_KEY_UNKNOWN',
        message:
          'the issuer\'s key with kid "cluster-es384" cannot be used: it has no use; expected "jwt-svid"',
      },
    ),
    vector('refuses EdDSA, though the bundle has such a key', svid(ID, { key: 'cluster-eddsa' }), {
      code: 'ERR_ALGORITHM_NOT_ALLOWED',
      message:
        'the token is signed with alg EdDSA; expected one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512 (token.algorithms)',
    }),
    vector('refuses an access token as JWT-SVID', svid(ID, { header: { typ: 'at+jwt' } }), {
      code: 'ERR_TOKEN_TYPE',
      message: 'typ is "at+jwt"; expected none, or one of JWT, JOSE',
    }),
    vector('refuses a JWT-SVID without audience', svid(ID, { claims: { aud: undefined } }), {
      code: 'ERR_CLAIM_MISSING',
      message: 'the token has no aud; expected iss, aud, sub and exp',
    }),
    vector('refuses a JWT-SVID without exp', svid(ID, { claims: { exp: undefined } }), {
      code: 'ERR_CLAIM_MISSING',
      message: 'the token has no exp; expected iss, aud, sub and exp',
    }),
    vector('refuses the trust domain itself as somebody', svid('spiffe://example.org'), {
      code: 'ERR_ROLE_NOT_PERMITTED',
      message: 'role "foo:web" asked for, and the role rules permit none for this token',
    }),
    vector(
      "refuses a token of the cluster's that is none of a trust domain, for a role of one",
      token(),
      {
        code: 'ERR_ROLE_NOT_PERMITTED',
        message: 'role "foo:web" asked for, and the token may only be "somebody"',
      },
    ),
    vector('refuses a token that names neither issuer nor trust domain', svid('web'), {
      code: 'ERR_CLAIM_MISSING',
      message: 'the token has no iss; expected iss, aud, sub and exp',
    }),
  ];
}
