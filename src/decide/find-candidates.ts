// Which entries are tried for a token: those whose issuer URL is the token's (unverified) iss, byte for byte, and those whose
// SPIFFE trust domain is that of its sub. The token only selects among what an administrator wrote.
import type { Claims } from '../claims/claim.ts';
import { trustDomainOf } from '../claims/spiffe-id.ts';
import { refuse, type Refusal } from '../errors.ts';
import { quote, quoteList } from '../quote.ts';
import { describeNearIssuer } from './describe-near-issuer.ts';
import type { Issuer } from '../policy/policy.ts';

/** @returns at least one entry, in the order of the file, or why there is none. */
export function findCandidates(
  claims: Claims,
  issuers: readonly Issuer[],
): readonly Issuer[] | Refusal {
  const { iss, sub } = claims;
  const trustDomain = trustDomainOf(sub);
  const candidates = issuers.filter(({ entry: { issuer } }) =>
    issuer.spiffeTrustDomain === undefined
      ? issuer.url === iss
      : issuer.spiffeTrustDomain === trustDomain,
  );
  if (candidates.length > 0) {
    return candidates;
  }
  const domains = issuers.flatMap(({ entry }) => entry.issuer.spiffeTrustDomain ?? []);
  const urls = issuers.flatMap(({ entry }) => entry.issuer.url ?? []);
  if (domains.length > 0 && (trustDomain !== undefined || urls.length === 0)) {
    return refuseSubject(sub, trustDomain, domains);
  }
  return refuseIssuer(iss, urls, issuers);
}

function refuseSubject(
  sub: unknown,
  trustDomain: string | undefined,
  domains: readonly string[],
): Refusal {
  const expected = quoteList([...new Set(domains)], 3);
  return trustDomain === undefined
    ? refuse(
        'ERR_ISSUER_UNKNOWN',
        `sub is ${sub === undefined ? 'missing' : quote(sub)}; expected a SPIFFE ID of trust domain ${expected}`,
        'Add its issuer to issuers.yaml if its tokens are to be accepted.',
      )
    : refuse(
        'ERR_ISSUER_UNKNOWN',
        `trust domain ${quote(trustDomain)} is not configured; expected ${expected}`,
        'Add it to issuers.yaml if its tokens are to be accepted.',
      );
}

function refuseIssuer(iss: unknown, urls: readonly string[], issuers: readonly Issuer[]): Refusal {
  if (typeof iss !== 'string' || iss === '') {
    return iss === undefined
      ? refuse('ERR_CLAIM_MISSING', 'the token has no iss; expected iss, aud, sub and exp')
      : refuse('ERR_CLAIM_REJECTED', `iss is ${quote(iss)}; expected text that is not empty`);
  }
  for (const { name, entry } of issuers) {
    const { url } = entry.issuer;
    const near = url === undefined ? undefined : describeNearIssuer({ name, url }, iss);
    if (near !== undefined) {
      const message = `issuer ${quote(iss)} is not configured; ${near.difference}`;
      return refuse('ERR_ISSUER_UNKNOWN', message, near.hint);
    }
  }
  const expected =
    urls.length === 0
      ? 'issuers.yaml names no issuer'
      : `expected ${quoteList([...new Set(urls)], 3)}`;
  return refuse(
    'ERR_ISSUER_UNKNOWN',
    `issuer ${quote(iss)} is not configured; ${expected}`,
    'Add it to issuers.yaml if its tokens are to be accepted.',
  );
}
