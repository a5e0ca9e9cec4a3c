// Access tokens of Microsoft Entra for a workload that has a token of another issuer: workload identity federation, as pods of
// AKS have it. Which workload that is, Azure's webhook puts into the environment.
import type { TokenSource } from '../token/token-source.ts';
import { fault } from '../token/client-token.ts';
import { readAccessTokenAnswer } from './access-token-answer.ts';
import { ask } from './request.ts';

/** Microsoft's public cloud. */
const AUTHORITY = 'https://login.microsoftonline.com/';
const ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
/** What the webhook sets. */
const NEEDED = ['AZURE_CLIENT_ID', 'AZURE_TENANT_ID', 'AZURE_FEDERATED_TOKEN_FILE'] as const;

/**
 * Creates a source of access tokens for a scope such as `api://postgres/.default`.
 *
 * @param env with `AZURE_CLIENT_ID`, `AZURE_TENANT_ID`, and perhaps `AZURE_AUTHORITY_HOST`.
 * @param assertions where the token comes from that is exchanged: the file of `AZURE_FEDERATED_TOKEN_FILE`.
 */
export function createAzureFederationSource(
  scope: string,
  env: NodeJS.ProcessEnv,
  assertions: (path: string) => TokenSource,
): TokenSource {
  const name = 'azure-federation';
  const [clientID, tenantID, path] = NEEDED.map((one) => env[one] ?? '');
  if (!clientID || !tenantID || !path) {
    const missing = NEEDED.filter((one) => !env[one]);
    return {
      name,
      get: async () =>
        fault(
          `${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not set in the environment`,
          'Label the pod with azure.workload.identity/use: "true", or set them.',
        ),
    };
  }
  const url = new URL(
    `${encodeURIComponent(tenantID)}/oauth2/v2.0/token`,
    env['AZURE_AUTHORITY_HOST'] ?? AUTHORITY,
  );
  const assertion = assertions(path);
  return {
    name,
    async get(signal) {
      const theirs = await assertion.get(signal);
      if (!theirs.ok) {
        return fault(`${assertion.name}: ${theirs.reason}`, theirs.hint);
      }
      const form = new URLSearchParams({
        client_id: clientID,
        grant_type: 'client_credentials',
        client_assertion_type: ASSERTION,
        client_assertion: theirs.token.text,
        scope,
      });
      return readAccessTokenAnswer(url.host, await ask({ url, headers: {}, form }, signal));
    },
  };
}
