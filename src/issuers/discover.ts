// OpenID Connect Discovery: from an issuer's URL to the address of its keys.
import type { FetchResult } from '../keys/fetch-result.ts';
import { quote } from '../quote.ts';
import type { Get } from './create-get.ts';

/** Why there are no keys. */
export type FailedFetch = Extract<FetchResult, { kind: 'failed' }>;

/** The default address of a discovery document (OpenID Connect Discovery 1.0 section 4). */
export function defaultDiscoveryURL(issuerURL: string): string {
  return `${issuerURL.replace(/\/$/, '')}/.well-known/openid-configuration`;
}

/**
 * Retrieves a discovery document.
 *
 * It must carry the issuer's own URL as `issuer`, byte for byte (section 4.3), or anybody who can place a document under that
 * address could hand out keys for another issuer.
 */
export async function discover(
  { issuerURL, discoveryURL }: { readonly issuerURL: string; readonly discoveryURL: string },
  get: Get,
): Promise<{ readonly jwksURI: string } | FailedFetch> {
  const answer = await get(discoveryURL);
  if (answer.kind !== 'document') {
    // Without an entity tag there is no "unchanged".
    return answer.kind === 'failed' ? answer : failed(`${discoveryURL} is unchanged`, KEYS_HINT);
  }
  const { issuer, jwks_uri: jwksURI } = answer.document;
  if (issuer !== issuerURL) {
    return failed(
      `${discoveryURL} is the discovery document of issuer ${quote(issuer)}; expected ${quote(issuerURL)}`,
      'Write issuer.url byte for byte as the tokens have it in iss; if that is what is written, give keys.jwksURI the address of its keys.',
    );
  }
  if (
    typeof jwksURI !== 'string' ||
    !/^https:\/\/[\x21-\x3f\x41-\x5b\x5d-\x7e]+$/.test(jwksURI) ||
    !URL.canParse(jwksURI)
  ) {
    return failed(
      `${discoveryURL} names jwks_uri ${quote(jwksURI)}; expected an https:// URL without user`,
      KEYS_HINT,
    );
  }
  return { jwksURI };
}

const KEYS_HINT = "Write the address of the issuer's keys in keys.jwksURI.";

function failed(reason: string, hint: string): FailedFetch {
  return { kind: 'failed', reason, hint };
}
