// iss: which entry may judge a token at all.
import type { Mint } from '../mint.ts';
import { granted, type Recipe } from './recipe.ts';

const URL = 'https://k8s.example.com';

export function issuer({ token }: Mint): Recipe[] {
  const unknown = (name: string, iss: string, shown = iss): Recipe => ({
    name,
    password: token({ claims: { iss } }),
    expected: {
      code: 'ERR_ISSUER_UNKNOWN',
      message: `issuer "${shown}" is not configured; expected "${URL}"`,
      hint: 'Add it to issuers.yaml if its tokens are to be accepted.',
    },
  });
  const near = (name: string, iss: string, where = 'case or a trailing slash'): Recipe => ({
    name,
    password: token({ claims: { iss } }),
    expected: {
      code: 'ERR_ISSUER_UNKNOWN',
      message: `issuer "${iss}" is not configured; it differs from "${URL}" of entry cluster only in ${where}`,
      hint: 'Write issuer.url exactly as the iss of the tokens.',
    },
  });
  const named = (name: string, iss: string, expected: Recipe['expected']): Recipe => ({
    name,
    policy: 'names',
    password: token({ claims: { iss } }),
    expected,
  });
  const unknownName = (iss: string): Recipe['expected'] => ({
    code: 'ERR_ISSUER_UNKNOWN',
    message: `issuer "${iss}" is not configured; expected "http://fs.example.com/adfs/services/trust", "kubernetes.default.svc", "https://login.example.com/{tenant}/v2.0" and 1 more`,
  });
  return [
    unknown('refuses another issuer', 'https://other.example.com'),
    unknown('refuses a longer issuer URL', `${URL}.attacker.example`),
    unknown('refuses a path below the issuer URL', `${URL}/realms/x`),
    unknown('refuses the start of the issuer URL', 'https://k8s.example.co'),
    unknown('refuses the issuer URL with a port', `${URL}:443`),
    unknown('refuses the issuer URL with a user', 'https://x@k8s.example.com'),
    unknown('refuses the issuer URL with a space behind', `${URL} `),
    unknown('refuses the issuer URL with a NUL behind', `${URL}\0`, String.raw`${URL}\u0000`),
    unknown(
      'refuses a look-alike of the issuer URL',
      'https://k8s.ex\u{430}mple.com',
      String.raw`https://k8s.ex\u0430mple.com`,
    ),
    near('says that only a trailing slash differs', `${URL}/`),
    near('says that only case differs', 'https://K8S.example.com'),
    near('says that only case and slashes differ', 'HTTPS://K8S.EXAMPLE.COM/'),
    near('says that only the scheme differs', 'http://k8s.example.com', 'http:// or https://'),
    near('says that only the scheme is missing', 'k8s.example.com', 'http:// or https://'),
    named(
      'grants a token whose issuer is an http URL that nothing is asked of',
      'http://fs.example.com/adfs/services/trust',
      granted('adfs'),
    ),
    named(
      'grants a token whose issuer is no URL',
      'kubernetes.default.svc',
      granted('named-cluster'),
    ),
    ...['kubernetes.default', 'kubernetes.default.svc.cluster.local', 'urn:kubernetes'].map((iss) =>
      named(`refuses another issuer that is no URL: ${iss}`, iss, unknownName(iss)),
    ),
    named('says that only case differs, of a name', 'Kubernetes.default.svc', {
      code: 'ERR_ISSUER_UNKNOWN',
      message:
        'issuer "Kubernetes.default.svc" is not configured; it differs from "kubernetes.default.svc" of entry named-cluster only in case or a trailing slash',
    }),
    named('says what to take off an issuer.url', 'https://sso.example.com/realms/people', {
      code: 'ERR_ISSUER_UNKNOWN',
      message:
        'issuer "https://sso.example.com/realms/people" is not configured; issuer.url of entry realm is that with "/.well-known/openid-configuration" behind it',
      hint: 'Take "/.well-known/openid-configuration" off issuer.url: it is where the keys are found, and not part of the iss.',
    }),
    named('says which placeholder was left', 'https://login.example.com/1111-2222/v2.0', {
      code: 'ERR_ISSUER_UNKNOWN',
      message:
        'issuer "https://login.example.com/1111-2222/v2.0" is not configured; it differs from "https://login.example.com/{tenant}/v2.0" of entry login only in what stands for "{tenant}"',
      hint: 'Write your own value in place of "{tenant}" in issuer.url.',
    }),
    {
      name: 'refuses a token without iss',
      password: token({ claims: { iss: undefined } }),
      expected: {
        code: 'ERR_CLAIM_MISSING',
        message: 'the token has no iss; expected iss, aud, sub and exp',
      },
    },
    ...[null, 1, '', true, [URL], { url: URL }].map((iss) => ({
      name: `refuses ${JSON.stringify(iss)} as iss`,
      password: token({ claims: { iss } }),
      expected: {
        code: 'ERR_CLAIM_REJECTED',
        message: `iss is ${JSON.stringify(iss)}; expected text that is not empty`,
      } as const,
    })),
    {
      name: 'shows only the start of a very long iss',
      password: token({ claims: { iss: `https://${'a'.repeat(5000)}.example` } }),
      expected: {
        code: 'ERR_ISSUER_UNKNOWN',
        message: `issuer "https://${'a'.repeat(72)}"... (5016 characters) is not configured; expected "${URL}"`,
      },
    },
  ];
}
