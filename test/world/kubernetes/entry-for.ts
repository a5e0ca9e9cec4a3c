// Entries of issuers.yaml for the clusters of the tests.
import type { ApiServer } from './start-api-server.ts';

/** Where an API server has its keys. */
export function jwksURIOf(api: ApiServer): string {
  return `${api.url}/openid/v1/jwks`;
}

/** An entry for service accounts of a cluster whose keys come from its API server; `more` adds to it. */
export function entryFor(
  api: ApiServer,
  issuer: string,
  more: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  return {
    name: 'homelab',
    issuer: {
      url: issuer,
      audiences: ['postgres'],
      certificateAuthority: api.certificateAuthority,
    },
    keys: { jwksURI: jwksURIOf(api) },
    roles: [{ claim: 'sub', trimPrefix: 'system:serviceaccount:' }],
    ...more,
  };
}
