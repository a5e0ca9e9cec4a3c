// Access tokens of Azure's instance metadata service, for the managed identity of a virtual machine.
import type { TokenSource } from '../token/token-source.ts';
import { readAccessTokenAnswer } from './access-token-answer.ts';
import { ask } from './request.ts';

/** Link-local: nobody but the host answers there. */
const ENDPOINT = 'http://169.254.169.254';

/** Whose token, and for what. */
export interface AzureIMDSOptions {
  /** The application ID URI that the token is for. */
  readonly resource: string;
  /** The client ID of a user-assigned identity; undefined: the one that the machine has. */
  readonly clientID: string | undefined;
}

/**
 * Creates a source of access tokens for a resource.
 *
 * @param env where `AZURE_POD_IDENTITY_AUTHORITY_HOST` names another endpoint, as for Azure's own libraries.
 */
export function createAzureIMDSSource(
  { resource, clientID }: AzureIMDSOptions,
  env: NodeJS.ProcessEnv,
): TokenSource {
  const url = new URL(
    '/metadata/identity/oauth2/token',
    env['AZURE_POD_IDENTITY_AUTHORITY_HOST'] ?? ENDPOINT,
  );
  url.search = new URLSearchParams({
    'api-version': '2018-02-01',
    resource,
    ...(clientID === undefined ? {} : { client_id: clientID }),
  }).toString();
  return {
    name: 'azure-imds',
    get: async (signal) =>
      readAccessTokenAnswer(url.host, await ask({ url, headers: { metadata: 'true' } }, signal)),
  };
}
