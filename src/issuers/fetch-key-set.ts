// Retrieves an issuer's keys: through OpenID Connect Discovery, or from a JWKS address or a SPIFFE bundle endpoint that the
// administrator wrote.
import type { FetchResult } from '../keys/fetch-result.ts';
import { type ParsedKeySet, parseKeySet } from '../keys/formats/parse-key-set.ts';
import { type ParsedBundle, parseSPIFFEBundle } from '../keys/formats/parse-spiffe-bundle.ts';
import type { JSONObject } from '../parse-json-object.ts';
import { createGet, type Get, type RetrievalOptions } from './create-get.ts';
import { discover, type FailedFetch } from './discover.ts';
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
export interface FetchKeySetOptions extends RetrievalOptions {
  /** A file with the token to ask with, read now. Not for discovery; default: none. */
  readonly bearerTokenFile?: string | undefined;
  /** The `etag` of the last result. */
  readonly etag?: string | undefined;
}

/**
 * Retrieves the keys of an issuer.
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
