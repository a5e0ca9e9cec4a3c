// Which entries may judge a token: those whose issuer URL is the token's (unverified) iss, byte for byte. The token
// only selects among what an administrator wrote.
import type { Claims } from '../config/claim.ts';
import { refuse, type Refusal } from '../errors.ts';
import { quote, quoteList } from '../quote.ts';
import type { Issuer } from './policy.ts';

/** @returns at least one entry, in the order of the file, or why there is none. */
export function findCandidates(
  claims: Claims,
  issuers: readonly Issuer[],
): readonly Issuer[] | Refusal {
  const { iss } = claims;
  if (typeof iss !== 'string' || iss === '') {
    return iss === undefined
      ? refuse('ERR_CLAIM_MISSING', 'the token has no iss; expected iss, aud, sub and exp')
      : refuse('ERR_CLAIM_REJECTED', `iss is ${quote(iss)}; expected text that is not empty`);
  }
  const candidates = issuers.filter((issuer) => issuer.entry.issuer.url === iss);
  if (candidates.length > 0) {
    return candidates;
  }
  if (issuers.length === 0) {
    return refuse(
      'ERR_ISSUER_UNKNOWN',
      `issuer ${quote(iss)} is not configured; issuers.yaml names no issuer`,
      'Add it to issuers.yaml if its tokens are to be accepted.',
    );
  }
  const near = issuers.find((issuer) => isNear(issuer.entry.issuer.url, iss));
  const urls = [...new Set(issuers.map((issuer) => issuer.entry.issuer.url))];
  return near === undefined
    ? refuse(
        'ERR_ISSUER_UNKNOWN',
        `issuer ${quote(iss)} is not configured; expected ${quoteList(urls, 3)}`,
        'Add it to issuers.yaml if its tokens are to be accepted.',
      )
    : refuse(
        'ERR_ISSUER_UNKNOWN',
        `issuer ${quote(iss)} is not configured; it differs from ${quote(near.entry.issuer.url)} of entry ${near.name} only in case or a trailing slash`,
        'Write issuer.url exactly as the iss of the tokens.',
      );
}

/** Whether two URLs differ only in case or one trailing slash. Linear in the shorter one: `seen` is anybody's. */
function isNear(expected: string, seen: string): boolean {
  if (Math.abs(expected.length - seen.length) > 1) {
    return false;
  }
  return expected.toLowerCase().replace(/\/$/, '') === seen.toLowerCase().replace(/\/$/, '');
}
