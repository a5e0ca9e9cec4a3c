// Retrieves an issuer's keys: through OpenID Connect Discovery, or from a JWKS address the administrator wrote.
import type { FetchResult } from '../keys/fetch-result.ts';
import { parseKeySet } from '../keys/parse-key-set.ts';
import type { JSONObject } from '../parse-json-object.ts';
import { quote } from '../quote.ts';
import { httpGetJSON } from './http-get.ts';

/** Where the keys of an issuer are. */
export type KeyLocation =
  | { readonly kind: 'discovery'; readonly issuerURL: string; readonly discoveryURL: string }
  | { readonly kind: 'jwks'; readonly jwksURI: string };

/** Limits and trust of one retrieval. */
export interface FetchKeySetOptions {
  /** The certificate authority in PEM; default: those of the system. */
  readonly certificateAuthority?: string | undefined;
  /** Time for the whole retrieval, discovery included, in seconds. */
  readonly timeout: number;
  /** The longest answer in bytes; default 1 MiB. */
  readonly maxResponseBytes?: number;
  /** The entity tag of the keys at hand. */
  readonly etag?: string | undefined;
}

/** The default address of a discovery document (OpenID Connect Discovery 1.0 section 4). */
export function defaultDiscoveryURL(issuerURL: string): string {
  return `${issuerURL.replace(/\/$/, '')}/.well-known/openid-configuration`;
}

/**
 * Retrieves the keys of an issuer.
 *
 * A discovery document must carry the issuer's own URL as `issuer`, byte for byte (section 4.3), or anybody who can
 * place a document under that address could hand out keys for another issuer.
 *
 * @returns at least one usable key, or why there is none.
 */
export async function fetchKeySet(
  location: KeyLocation,
  options: FetchKeySetOptions,
): Promise<FetchResult> {
  const limits = {
    certificateAuthority: options.certificateAuthority,
    signal: AbortSignal.timeout(Math.max(1, options.timeout * 1000)),
    maxResponseBytes: options.maxResponseBytes ?? 1024 * 1024,
  };
  let jwksURI;
  if (location.kind === 'jwks') {
    jwksURI = location.jwksURI;
  } else {
    const answer = await httpGetJSON(location.discoveryURL, limits);
    if (answer.kind !== 'document') {
      return answer;
    }
    const found = readDiscovery(answer.document, location);
    if ('reason' in found) {
      return { kind: 'failed', reason: found.reason };
    }
    jwksURI = found.jwksURI;
  }

  const answer = await httpGetJSON(jwksURI, { ...limits, etag: options.etag });
  if (answer.kind !== 'document') {
    return answer;
  }
  const parsed = parseKeySet(answer.document);
  if (typeof parsed === 'string') {
    return {
      kind: 'failed',
      reason: `${jwksURI} answered a document that is no key set: ${parsed}`,
    };
  }
  if (parsed.keySet.keys.length === 0) {
    const [first] = parsed.rejected;
    const detail = first === undefined ? '' : `; the first one is ${first.reason}`;
    return {
      kind: 'failed',
      reason: `${jwksURI} answered a key set without a usable key${detail}`,
      withdrawn: true,
    };
  }
  return { kind: 'keys', keySet: parsed.keySet, etag: answer.etag, maxAge: answer.maxAge };
}

function readDiscovery(
  document: JSONObject,
  location: { readonly issuerURL: string; readonly discoveryURL: string },
): { readonly jwksURI: string } | { readonly reason: string } {
  const { issuer, jwks_uri: jwksURI } = document;
  if (issuer !== location.issuerURL) {
    return {
      reason: `${location.discoveryURL} is the discovery document of issuer ${quote(issuer)}; expected ${quote(location.issuerURL)}`,
    };
  }
  if (
    typeof jwksURI !== 'string' ||
    !/^https:\/\/[\x21-\x3f\x41-\x5b\x5d-\x7e]+$/.test(jwksURI) ||
    !URL.canParse(jwksURI)
  ) {
    return {
      reason: `${location.discoveryURL} names jwks_uri ${quote(jwksURI)}; expected an https:// URL without user`,
    };
  }
  return { jwksURI };
}
