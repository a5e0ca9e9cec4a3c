import type { Issuer } from './issuer.ts';

/** An entry of issuers.yaml for an issuer of the tests, whose service accounts log in by name; `more` adds to it. */
export function entryOf(
  name: string,
  issuer: Issuer,
  more: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  return {
    name,
    issuer: {
      url: issuer.url,
      certificateAuthority: issuer.certificateAuthority,
      audiences: ['postgres'],
    },
    roles: [{ claim: 'sub', trimPrefix: 'system:serviceaccount:' }],
    ...more,
  };
}
