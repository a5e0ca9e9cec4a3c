// What an issuer says of itself at its URL, before anything is written.
import { createGet } from '../../issuers/create-get.ts';
import { defaultDiscoveryURL, discover } from '../../issuers/discover.ts';
import { hintFor } from './hint-for.ts';
import type { InitProblem } from '../init-problem.ts';

/** Seconds. Somebody waits for it. */
const TIMEOUT = 10;
const WELL_KNOWN = /\/\.well-known\/openid-configuration$/;

/** Where the keys of an issuer are, as it says itself. */
export interface InspectedIssuer {
  readonly url: string;
  readonly jwksURI: string;
}

/** @returns the issuer's URL: that of a discovery document without its end. */
export function toIssuerURL(url: string): string {
  return url.replace(WELL_KNOWN, '');
}

/** @param certificateAuthority in PEM; undefined: those of the system. */
export async function inspectIssuer(
  url: string,
  certificateAuthority: string | undefined,
): Promise<InspectedIssuer | InitProblem> {
  const get = await createGet({ certificateAuthority, timeout: TIMEOUT });
  const discoveryURL = defaultDiscoveryURL(url);
  const found = await discover({ issuerURL: url, discoveryURL }, get);
  if (!('kind' in found)) {
    return { url, jwksURI: found.jwksURI };
  }
  const isOther = found.reason.includes(' is the discovery document of issuer ');
  return {
    problem: found.reason,
    hint: isOther
      ? 'Write --url byte for byte as the tokens have it in iss; a slash at the end counts.'
      : hintFor(found.reason),
    isInTheWay: true,
  };
}
