// Identity tokens of Google Cloud's metadata server, for the service account of an instance, a Cloud Run service or a pod.
import { quote } from '../../quote.ts';
import { fault, readClientToken } from '../token/client-token.ts';
import type { TokenSource } from '../token/token-source.ts';
import { ask, describeStatus } from './request.ts';

/** The name that Google gives it, and by which it cannot be told apart from another host that answers to it. */
const HOST = 'metadata.google.internal';

/**
 * Creates a source of identity tokens for an audience.
 *
 * @param env where `GCE_METADATA_HOST` names another host, as for Google's own libraries.
 */
export function createGCPMetadataSource(audience: string, env: NodeJS.ProcessEnv): TokenSource {
  const host = env['GCE_METADATA_HOST'] ?? HOST;
  const url = new URL(
    `http://${host}/computeMetadata/v1/instance/service-accounts/default/identity`,
  );
  url.search = new URLSearchParams({ audience, format: 'full' }).toString();
  return {
    name: 'gcp-metadata',
    async get(signal) {
      const answer = await ask({ url, headers: { 'metadata-flavor': 'Google' } }, signal);
      if (!answer.ok) {
        return fault(`${host}: ${answer.reason}`, 'It is there on Google Cloud only.');
      }
      if (answer.status !== 200) {
        const hint = answer.status === 404 ? 'Give the instance a service account.' : undefined;
        return fault(`${host}: ${describeStatus(answer)}`, hint);
      }
      // A captive portal or a proxy has another, or none.
      if (answer.headers['metadata-flavor'] !== 'Google') {
        return fault(
          `${host}: it answered without "Metadata-Flavor: Google"; expected Google's metadata server`,
        );
      }
      const result = readClientToken(answer.body.toString('latin1'));
      if (!result.ok) {
        return result;
      }
      const { aud } = result.token.claims;
      return aud === audience
        ? result
        : fault(`${host}: the token is for audience ${quote(aud)}; expected ${quote(audience)}`);
    },
  };
}
