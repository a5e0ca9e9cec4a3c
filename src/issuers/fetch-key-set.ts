// Retrieves an issuer's keys: through OpenID Connect Discovery, or from a JWKS address or a SPIFFE bundle endpoint that the
// administrator wrote.
import type { FetchResult } from '../keys/fetch-result.ts';
import { type ParsedKeySet, parseKeySet } from '../keys/parse-key-set.ts';
import { type ParsedBundle, parseSPIFFEBundle } from '../keys/parse-spiffe-bundle.ts';
import type { JSONObject } from '../parse-json-object.ts';
import { quote } from '../quote.ts';
import { httpGetJSON, type HTTPGetOptions } from './http-get.ts';
import { readBearerToken } from './read-bearer-token.ts';

/** Where the keys of an issuer are. */
export type KeyLocation =
  | { readonly kind: 'discovery'; readonly issuerURL: string; readonly discoveryURL: string }
  | { readonly kind: 'jwks'; readonly jwksURI: string }
  | { readonly kind: 'spiffe-bundle'; readonly bundleURL: string };

/** The first address that is asked. */
export function urlOf(location: KeyLocation): string {
  switch (location.kind) {
    case 'discovery':
      return location.discoveryURL;
    case 'jwks':
      return location.jwksURI;
    case 'spiffe-bundle':
      return location.bundleURL;
  }
}

/** Limits and trust of one retrieval. */
export interface FetchKeySetOptions {
  /** The certificate authority in PEM; default: those of the system. */
  readonly certificateAuthority?: string | undefined;
  /** The HTTP proxy; default: none. */
  readonly proxyURL?: string | undefined;
  /** A file with the token to ask with, read now. Not for discovery; default: none. */
  readonly bearerTokenFile?: string | undefined;
  /** Time for the whole retrieval, discovery included, in seconds. */
  readonly timeout: number;
  /** The longest answer in bytes; default 1 MiB. */
  readonly maxResponseBytes?: number | undefined;
  /** The `etag` of the last result. */
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
    proxyURL: options.proxyURL,
    signal: AbortSignal.timeout(Math.max(1, options.timeout * 1000)),
    maxResponseBytes: options.maxResponseBytes ?? 1024 * 1024,
  };
  switch (location.kind) {
    case 'discovery': {
      const found = await discover(location, limits);
      return 'kind' in found ? found : fetchKeys(found.jwksURI, JWKS, limits, options.etag);
    }
    case 'jwks':
    case 'spiffe-bundle': {
      const isJWKS = location.kind === 'jwks';
      const url = isJWKS ? location.jwksURI : location.bundleURL;
      const bearer = readBearerToken(options.bearerTokenFile);
      return bearer.ok
        ? fetchKeys(
            url,
            isJWKS ? JWKS : BUNDLE,
            { ...limits, bearerToken: bearer.token },
            options.etag,
          )
        : { kind: 'failed', reason: bearer.reason };
    }
  }
}

/** What is expected under an address. */
interface Form {
  readonly name: string;
  readonly parse: (document: JSONObject) => ParsedDocument | string;
}

type ParsedDocument = ParsedKeySet & Partial<Pick<ParsedBundle, 'refreshHint' | 'otherKeys'>>;

const JWKS: Form = { name: 'key set', parse: parseKeySet };
const BUNDLE: Form = { name: 'SPIFFE bundle', parse: parseSPIFFEBundle };

async function fetchKeys(
  url: string,
  form: Form,
  options: HTTPGetOptions,
  known: string | undefined,
): Promise<FetchResult> {
  const answer = await httpGetJSON(url, { ...options, etag: etagFor(url, known) });
  if (answer.kind !== 'document') {
    return answer;
  }
  const parsed = form.parse(answer.document);
  if (typeof parsed === 'string') {
    return {
      kind: 'failed',
      reason: `${url} answered a document that is no ${form.name}: ${parsed}`,
    };
  }
  const { keySet, refreshHint } = parsed;
  if (keySet.keys.length === 0) {
    const { detail, hint } = explainEmpty(parsed);
    const reason = `${url} answered a ${form.name} without a usable key${detail}`;
    return { kind: 'failed', reason, hint, withdrawn: true };
  }
  const maxAges = [answer.maxAge, refreshHint].filter((age) => age !== undefined);
  return {
    kind: 'keys',
    keySet,
    etag: answer.etag === undefined ? undefined : `${url} ${answer.etag}`,
    maxAge: maxAges.length === 0 ? undefined : Math.min(...maxAges),
  };
}

const OTHER_KEYS =
  'Ask whoever runs the issuer to publish a signing key that can be used: RSA of 2048 bits or more, EC, or Ed25519.';

/** Why there is no usable key in a document, and what to do about it. */
function explainEmpty({ rejected: [first], otherKeys = 0 }: ParsedDocument): {
  readonly detail: string;
  readonly hint: string;
} {
  if (first !== undefined) {
    return { detail: `; the first one ${first.reason}`, hint: OTHER_KEYS };
  }
  return otherKeys === 0
    ? { detail: '', hint: OTHER_KEYS }
    : {
        detail: `; none of its ${otherKeys} keys has use "jwt-svid"`,
        hint: "A bundle has such keys; where this is a JWKS, as of SPIRE's OIDC discovery provider, write keys.jwksURI.",
      };
}

/** An entity tag means something only under the address that gave it, and discovery may lead to another one each time. */
function etagFor(url: string, known: string | undefined): string | undefined {
  return known?.startsWith(`${url} `) === true ? known.slice(url.length + 1) : undefined;
}

type FailedFetch = Extract<FetchResult, { kind: 'failed' }>;

function failed(reason: string): FailedFetch {
  return { kind: 'failed', reason };
}

async function discover(
  location: { readonly issuerURL: string; readonly discoveryURL: string },
  limits: HTTPGetOptions,
): Promise<{ readonly jwksURI: string } | FailedFetch> {
  const answer = await httpGetJSON(location.discoveryURL, limits);
  if (answer.kind !== 'document') {
    // Without an entity tag there is no "unchanged".
    return answer.kind === 'failed' ? answer : failed(`${location.discoveryURL} answered 304`);
  }
  const { issuer, jwks_uri: jwksURI } = answer.document;
  if (issuer !== location.issuerURL) {
    return failed(
      `${location.discoveryURL} is the discovery document of issuer ${quote(issuer)}; expected ${quote(location.issuerURL)}`,
    );
  }
  if (
    typeof jwksURI !== 'string' ||
    !/^https:\/\/[\x21-\x3f\x41-\x5b\x5d-\x7e]+$/.test(jwksURI) ||
    !URL.canParse(jwksURI)
  ) {
    return failed(
      `${location.discoveryURL} names jwks_uri ${quote(jwksURI)}; expected an https:// URL without user`,
    );
  }
  return { jwksURI };
}
