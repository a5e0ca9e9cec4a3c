// What a status other than 200 means for whoever asks an issuer for its keys (RFC 9110 section 15).
import type { IncomingMessage } from 'node:http';
import type { FetchFailure } from '../keys/fetch-result.ts';
import { quote } from '../quote.ts';

/** The status in a few words that begin with its number, and what to do about it. */
export function describeStatus(
  { statusCode = 0, headers }: IncomingMessage,
  request: { readonly bearerToken?: string | undefined },
): FetchFailure & { readonly unauthorized?: true } {
  switch (statusCode) {
    case 101:
      return {
        reason: '101 (it goes over to another protocol, unasked)',
        hint: 'Check that the address is that of the keys, and not of something else on the same server.',
      };
    case 304:
      return {
        reason: '304 (not modified) to a request that had no entity tag to compare',
        hint: 'Have the server, or the cache in front of it, answer a plain GET with the document.',
      };
    case 401:
    case 403:
      return {
        reason: String(statusCode),
        hint:
          request.bearerToken === undefined
            ? 'Let everybody read its keys, or give keys.jwksURI a keys.bearerTokenFile.'
            : 'Replace the token in keys.bearerTokenFile, and check what it permits; when the issuer has withdrawn the key that signed it, make a new one.',
        unauthorized: true,
      };
    case 404:
    case 410:
      return {
        reason: `${statusCode} (there is nothing at this address)`,
        hint: 'Compare issuer.url, issuer.discoveryURL and keys.jwksURI with what the issuer documents.',
      };
    case 406:
      return {
        reason: '406 (it has no JSON at this address)',
        hint: 'Compare issuer.url, issuer.discoveryURL and keys.jwksURI with what the issuer documents.',
      };
    case 429:
      return {
        reason: '429 (it is asked too often)',
        hint: 'Raise cache.refreshInterval and cache.unknownKeyCooldown, or have the issuer permit more requests.',
      };
  }
  if (statusCode >= 300 && statusCode < 400) {
    const { location } = headers;
    const where = location === undefined ? '' : ` to ${quote(location)}`;
    return {
      reason: `${statusCode} (a redirect${where}, which is not followed)`,
      hint: "Write the address where the document is, if the redirect is the issuer's own (issuer.discoveryURL, keys.jwksURI).",
    };
  }
  return {
    reason: String(statusCode),
    hint:
      statusCode >= 500
        ? 'Ask who runs the issuer, or what stands in front of it; it is asked again by itself.'
        : 'Look at what the address answers (curl -v), and ask who runs the issuer.',
  };
}
