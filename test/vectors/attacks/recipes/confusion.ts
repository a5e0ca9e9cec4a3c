// One issuer's token where another's is meant: shared kids, issuer URLs that look alike, tokens made for something else.
import type { Mint } from '../../tokens/mint.ts';
import type { Recipe } from '../../tokens/recipes/recipe.ts';
import {
  type AttackRecipe,
  attacks,
  audienceMismatch,
  claimMissing,
  claimRejected,
  issuerUnknown,
  signatureInvalid,
} from './attack-recipe.ts';

const PARTNER = 'https://partner.example.com';

/** Of tokens that an issuer signs with the same keys. */
const OTHER_TYPES: readonly string[] = (
  'logout+jwt dpop+jwt secevent+jwt token-introspection+jwt JWE vc+sd-jwt kb+jwt entity-statement+jwt ' +
  'oauth-authz-req+jwt client-authentication+jwt application/logout+jwt LOGOUT+JWT statuslist+jwt at'
)
  .split(' ')
  .concat('jwt; charset=utf-8');

export function confusion({ token }: Mint): AttackRecipe[] {
  const partner = (name: string, more: Partial<Recipe> & { claims?: object; header?: object }) => {
    const { claims, header, ...rest } = more;
    return {
      name,
      policy: 'shared-kid',
      password: token({
        key: 'partner-es256',
        header: { kid: 'shared', ...header },
        claims: { iss: PARTNER, ...claims },
      }),
      ...rest,
    };
  };
  const url = (iss: string, shown = iss): Recipe => ({
    name: `iss ${JSON.stringify(iss)}`,
    password: token({ claims: { iss } }),
    expected: issuerUnknown(shown),
  });
  const typed = (typ: string): Recipe => ({
    name: `typ ${typ}`,
    password: token({ header: { typ } }),
    expected: {
      code: 'ERR_TOKEN_TYPE',
      message: `typ is "${typ}"; expected none, or one of JWT, JOSE, at+jwt`,
    },
  });
  return [
    ...attacks(
      "to be one issuer's subject with another issuer's key, as both have a key of the same kid",
      'RFC 8725 sections 2.7, 2.8 and 3.8',
      [
        {
          ...partner("the partner's key and the cluster's iss", {
            claims: { iss: 'https://k8s.example.com' },
          }),
          expected: signatureInvalid('shared', 'ES256'),
        },
        {
          ...partner("the partner's own token and a role of the cluster's", {}),
          expected: {
            code: 'ERR_ROLE_NOT_PERMITTED',
            message:
              'role "foo:myservice" asked for, and the token may only be "partner_myservice"',
          },
        },
        {
          name: "the cluster's own token and a role of the partner's",
          policy: 'shared-kid',
          role: 'partner_myservice',
          password: token({ key: 'cluster-es256', header: { kid: 'shared' } }),
          expected: {
            code: 'ERR_ROLE_NOT_PERMITTED',
            message:
              'role "partner_myservice" asked for, and the token may only be "foo:myservice"',
          },
        },
        {
          name: "the cluster's key and the partner's iss",
          policy: 'shared-kid',
          role: 'partner_myservice',
          password: token({
            key: 'cluster-es256',
            header: { kid: 'shared' },
            claims: { iss: PARTNER },
          }),
          expected: signatureInvalid('shared', 'ES256'),
        },
        {
          name: "the cluster's iss first, in a list with the partner's",
          policy: 'shared-kid',
          password: token({
            key: 'partner-es256',
            header: { kid: 'shared' },
            claims: { iss: ['https://k8s.example.com', PARTNER] },
          }),
          expected: claimRejected(
            `iss is ["https://k8s.example.com","${PARTNER}"]; expected text that is not empty`,
          ),
        },
        {
          ...partner("the cluster's iss in the header", {
            header: { iss: 'https://k8s.example.com' },
          }),
          expected: {
            code: 'ERR_ROLE_NOT_PERMITTED',
            message:
              'role "foo:myservice" asked for, and the token may only be "partner_myservice"',
          },
        },
        {
          ...partner("the cluster's iss under another name", {
            claims: { issuer: 'https://k8s.example.com', ISS: 'https://k8s.example.com' },
          }),
          expected: {
            code: 'ERR_ROLE_NOT_PERMITTED',
            message:
              'role "foo:myservice" asked for, and the token may only be "partner_myservice"',
          },
        },
        {
          name: "a token of the second of two clusters of one URL, under the first one's kid",
          policy: 'two-clusters',
          password: token({ key: 'other-rs256', header: { kid: 'cluster-rs256' } }),
          expected: {
            code: 'ERR_SIGNATURE_INVALID',
            message:
              'entry cluster-a: the signature does not verify with the issuer\'s key "cluster-rs256" (RS256)',
          },
        },
        {
          name: "a token of the second of two clusters of one URL, by a key of the first one's kid",
          policy: 'two-clusters',
          password: token({ key: 'other-es256' }),
          expected: {
            code: 'ERR_ROLE_NOT_PERMITTED',
            message:
              'entry cluster-b: role "foo:myservice" asked for, and the token may only be "b_foo_myservice"',
          },
        },
      ],
    ),
    ...attacks(
      'to be taken for the issuer by a part of its URL, or by none',
      'RFC 8725 section 3.8, CVE-2024-53861, CVE-2025-30144',
      [
        url('https://k8s.example.co'),
        url('https://k8s.example'),
        url('https://'),
        url('h'),
        url('example.com'),
        ...[
          '',
          [],
          ['https://k8s.example.com'],
          { url: 'https://k8s.example.com' },
          null,
          0,
          true,
        ].map((iss): Recipe => ({
          name: `iss ${JSON.stringify(iss)}`,
          password: token({ claims: { iss } }),
          expected: claimRejected(`iss is ${JSON.stringify(iss)}; expected text that is not empty`),
        })),
      ],
    ),
    ...attacks('to be taken for the issuer by a URL that looks like its', 'RFC 8725 section 3.8', [
      url('https://k8s.example.com.'),
      url('https://k8s.example.com#'),
      url('https://k8s.example.com?'),
      url('https://k8s.example.com/.'),
      url('https://k8s.example.com//'),
      url('https://k8s.example.com:443'),
      url('https://k8s.example.com@attacker.example.com'),
      url('https://attacker.example.com/https://k8s.example.com'),
      url('https://attacker.example.com/?https://k8s.example.com'),
      url('https://k8s.example.com.attacker.example'),
      url('//k8s.example.com'),
      ...['http://k8s.example.com', 'k8s.example.com'].map((iss): Recipe => ({
        ...url(iss),
        expected: {
          code: 'ERR_ISSUER_UNKNOWN',
          message: `issuer "${iss}" is not configured; it differs from "https://k8s.example.com" of entry cluster only in http:// or https://`,
        },
      })),
      url('https://k8s%2Eexample%2Ecom'),
      url('https://k8s.example.com%00'),
      url('https://k8s.example.com\0', String.raw`https://k8s.example.com\u0000`),
      url(
        'https://k8s.example.com\0.attacker.example',
        String.raw`https://k8s.example.com\u0000.attacker.example`,
      ),
      url('https://k8s.example.com\n', String.raw`https://k8s.example.com\n`),
      url(' https://k8s.example.com'),
      url('\u{FEFF}https://k8s.example.com', String.raw`\ufeffhttps://k8s.example.com`),
      url('https://k8s.ex\u{430}mple.com', String.raw`https://k8s.ex\u0430mple.com`),
      url('https://k8s.example\u{3002}com', String.raw`https://k8s.example\u3002com`),
      url('https://\u{FF4B}8s.example.com', String.raw`https://\uff4b8s.example.com`),
      url('https:\\\\k8s.example.com', String.raw`https:\\\\k8s.example.com`),
      url('*'),
      url('https://*'),
      url('__proto__'),
      {
        name: 'iss with a Kelvin sign, which becomes a k in lower case',
        password: token({ claims: { iss: 'https://\u{212A}8s.example.com' } }),
        expected: {
          code: 'ERR_ISSUER_UNKNOWN',
          message: String.raw`issuer "https://\u212a8s.example.com" is not configured; it differs from "https://k8s.example.com" of entry cluster only in case or a trailing slash`,
        },
      },
    ]),
    ...attacks(
      'to use a token of the issuer that was made for another purpose',
      'RFC 8725 sections 2.8, 3.11 and 3.12',
      OTHER_TYPES.map(typed),
    ),
    ...attacks(
      'to use a token that somebody else received, or without what it is bound to',
      'RFC 8725 sections 2.7 and 3.9, RFC 7800 section 3.1, RFC 9449',
      [
        {
          name: 'a token made for another service',
          password: token({ claims: { aud: ['vault'] } }),
          expected: audienceMismatch('"vault"'),
        },
        {
          name: 'a token made for the API server',
          password: token({
            claims: { aud: ['https://kubernetes.default.svc.cluster.local', 'k3s'] },
          }),
          expected: audienceMismatch('"https://kubernetes.default.svc.cluster.local", "k3s"'),
        },
        {
          name: 'a legacy service-account token, which has neither aud nor exp',
          password: token({
            claims: {
              aud: undefined,
              exp: undefined,
              iat: undefined,
              nbf: undefined,
              'kubernetes.io/serviceaccount/namespace': 'foo',
            },
          }),
          expected: claimMissing('aud'),
        },
        {
          name: 'a token without exp',
          password: token({ claims: { exp: undefined } }),
          expected: claimMissing('exp'),
        },
        {
          name: 'a token without sub',
          password: token({ claims: { sub: undefined, client_id: 'foo:myservice' } }),
          expected: claimMissing('sub'),
        },
        {
          name: 'a token bound to a key (DPoP)',
          password: token({
            claims: { cnf: { jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I' } },
          }),
          expected: claimRejected(
            'the token is bound to a key (cnf), whose possession cannot be checked here; expected a bearer token',
          ),
        },
        {
          name: 'a token bound to a certificate (mTLS)',
          password: token({
            claims: { cnf: { 'x5t#S256': 'bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2' } },
          }),
          expected: claimRejected(
            'the token is bound to a key (cnf), whose possession cannot be checked here; expected a bearer token',
          ),
        },
      ],
    ),
  ];
}
