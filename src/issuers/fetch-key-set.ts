// Retrieves an issuer's keys: through OpenID Connect Discovery, or from a JWKS address or a SPIFFE bundle endpoint that the
// administrator wrote.
import type { FetchResult } from '../keys/fetch-result.ts';
import { type ParsedKeySet, parseKeySet } from '../keys/formats/parse-key-set.ts';
import { type ParsedBundle, parseSPIFFEBundle } from '../keys/formats/parse-spiffe-bundle.ts';
import type { JSONObject } from '../parse-json-object.ts';
import { quote } from '../quote.ts';
import type { HTTPAnswer, HTTPGetOptions, httpGetJSON } from './http-get.ts';
import type { LookUp } from './look-up.ts';
import { readBearerToken } from './read-bearer-token.ts';
import type { SecureContexts } from './secure-contexts.ts';

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
  /** Where what is made of certificate authorities is kept for the next retrieval; default: nowhere. */
  readonly secureContexts?: SecureContexts | undefined;
  /** How names are looked up; default: as the C library does. */
  readonly lookUp?: LookUp | undefined;
  /** Told the headers of each answer; default: nobody. */
  readonly onAnswer?: HTTPGetOptions['onAnswer'];
  /** How one address is asked; default: over HTTPS. */
  readonly httpGet?: typeof httpGetJSON | undefined;
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
  const get = await createGet(options);
  switch (location.kind) {
    case 'discovery': {
      const found = await discover(location, get);
      return 'kind' in found ? found : fetchKeys(found.jwksURI, JWKS, get, { etag: options.etag });
    }
    case 'jwks':
    case 'spiffe-bundle': {
      const isJWKS = location.kind === 'jwks';
      const url = isJWKS ? location.jwksURI : location.bundleURL;
      const bearer = readBearerToken(options.bearerTokenFile);
      return bearer.ok
        ? fetchKeys(url, isJWKS ? JWKS : BUNDLE, get, {
            bearerToken: bearer.token,
            etag: options.etag,
          })
        : failed(
            bearer.reason,
            'Have the file written anew, with one token, by whoever keeps it; only its owner may be able to write it.',
          );
    }
  }
}

/** One request of a retrieval. */
type Get = (
  url: string,
  options?: Pick<HTTPGetOptions, 'bearerToken' | 'etag'>,
) => Promise<HTTPAnswer>;

/** What all requests of a retrieval have in common, the time that they may take among it. */
async function createGet(options: FetchKeySetOptions): Promise<Get> {
  // Loaded here, as most logins need no network.
  const httpGet = options.httpGet ?? (await import('./http-get.ts')).httpGetJSON;
  const { createLookUp, rememberLookUps } = await import('./look-up.ts');
  const { createSecureContexts } = await import('./secure-contexts.ts');
  const limits = {
    certificateAuthority: options.certificateAuthority,
    secureContexts: options.secureContexts ?? createSecureContexts(),
    proxyURL: options.proxyURL,
    lookUp: rememberLookUps(options.lookUp ?? createLookUp()),
    onAnswer: options.onAnswer,
    signal: AbortSignal.timeout(Math.max(1, options.timeout * 1000)),
    maxResponseBytes: options.maxResponseBytes ?? 1024 * 1024,
  };
  return async (url, more) => httpGet(url, { ...limits, ...more });
}

type FailedFetch = Extract<FetchResult, { kind: 'failed' }>;

function failed(reason: string, hint: string): FailedFetch {
  return { kind: 'failed', reason, hint };
}

/** What is expected under an address. */
interface Form {
  readonly name: string;
  readonly parse: (document: JSONObject) => ParsedDocument | string;
  /** What to do when something else is there. */
  readonly hint: string;
}

type ParsedDocument = ParsedKeySet & Partial<Pick<ParsedBundle, 'refreshHint' | 'otherKeys'>>;

const JWKS: Form = {
  name: 'key set',
  parse: parseKeySet,
  hint: 'Write the address of the key set itself, which discovery documents call jwks_uri, in keys.jwksURI.',
};
const BUNDLE: Form = {
  name: 'SPIFFE bundle',
  parse: parseSPIFFEBundle,
  hint: "Write the address of the trust domain's bundle endpoint in keys.spiffeBundleURL.",
};

async function fetchKeys(
  url: string,
  form: Form,
  get: Get,
  {
    bearerToken,
    etag,
  }: { readonly bearerToken?: string | undefined; readonly etag: string | undefined },
): Promise<FetchResult> {
  const answer = await get(url, { bearerToken, etag: etagFor(url, etag) });
  if (answer.kind !== 'document') {
    return answer;
  }
  const parsed = form.parse(answer.document);
  if (typeof parsed === 'string') {
    return failed(`${url} answered a document that is no ${form.name}: ${parsed}`, form.hint);
  }
  const { keySet, refreshHint } = parsed;
  if (keySet.keys.length === 0) {
    const { detail, hint } = explainEmpty(parsed);
    const reason = `${url} answered a ${form.name} without a usable key${detail}`;
    return { ...failed(reason, hint), withdrawn: true };
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

async function discover(
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
