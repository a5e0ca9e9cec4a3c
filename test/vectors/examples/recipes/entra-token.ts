// Access tokens of Microsoft Entra, v1.0 and v2.0, with their documented claims: iat lies five minutes before the token was
// asked for, lifetimes are those 5 minutes longer, kid is the thumbprint of a certificate.
import { NOW, publish, type TokenRecipe } from './recipe.ts';

export const TENANT = '11111111-1111-1111-1111-111111111111';
export const OTHER_TENANT = '99999999-9999-9999-9999-999999999999';
/** The application registration that the tokens are for. */
export const REGISTRATION = '33333333-3333-3333-3333-333333333333';

const KID = 'jS1Xo1OWDj_52vbwGNgvQO2VzMc';

/** One key for all tenants, in v2.0 with the pattern of its issuers; without alg. */
export const ENTRA_KEY = {
  key: 'rsa',
  members: {
    use: 'sig',
    kid: KID,
    x5t: KID,
    issuer: 'https://login.microsoftonline.com/{tenantid}/v2.0',
  },
} as const;

/** A key that is not among those of the issuer. */
export const OTHER_ENTRA_KEY = publish('rsa-other', '2ZQpJ3UpbjAYXYGaXEJl8lV0TOI');

interface EntraToken {
  readonly version: 1 | 2;
  readonly tenant?: string;
  /** Seconds. */
  readonly lifetime: number;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** The URL of a tenant as issuer. */
export function issuerOf(version: 1 | 2, tenant = TENANT): string {
  return version === 1
    ? `https://sts.windows.net/${tenant}/`
    : `https://login.microsoftonline.com/${tenant}/v2.0`;
}

/** What both versions and both kinds of bearers have in common. */
export function entraToken({
  version,
  tenant = TENANT,
  lifetime,
  claims,
}: EntraToken): TokenRecipe {
  return {
    key: 'rsa',
    header: {
      typ: 'JWT',
      alg: 'RS256',
      ...(version === 1 ? { x5t: KID } : {}),
      kid: KID,
    },
    claims: {
      aud: version === 1 ? `api://${REGISTRATION}` : REGISTRATION,
      iss: issuerOf(version, tenant),
      iat: NOW - 310,
      nbf: NOW - 310,
      exp: NOW - 310 + lifetime,
      aio: 'ASQA2/8aAAAAfRk2cX0s5WvJq1yPz7mLbT4nUe9oHd6gKi3uCpVxYwE=',
      ...claims,
      rh: '1.AXoAETKj8mrkkky4Ta_wbCzRPzMzMzMzMzMzMzMzMzMzMzMjAQC-AA.',
      tid: tenant,
      uti: 'sdmF4KgzXUu6N0IKMbQBAA',
      ver: version === 1 ? '1.0' : '2.0',
    },
  };
}
