// What comes of asking an API server about a token.
import { refuse, type Refusal } from '../errors.ts';

/** The answer to one login. */
export type ReviewOutcome =
  /** The token stands. `cached`: as it did a moment ago. */
  | { readonly kind: 'yes'; readonly cached: boolean }
  /** The API server does not accept the token, or means another one by it: `ERR_TOKEN_REVOKED`. */
  | { readonly kind: 'no'; readonly refusal: Refusal }
  /** There is no answer that can be used: `ERR_REVIEW_UNAVAILABLE`. */
  | { readonly kind: 'unavailable'; readonly refusal: Refusal };

/** What is recorded of it: with a grant, `unavailable` is one that `review.onError` has let pass. */
export type ReviewNote = 'yes' | 'cached' | 'no' | 'unavailable';

/** An outcome in one word. */
export function noteOf(outcome: ReviewOutcome): ReviewNote {
  return outcome.kind === 'yes' && outcome.cached ? 'cached' : outcome.kind;
}

/** The outcome where an entry has a `review` and nobody to ask, which is a defect: not `unavailable`, which an entry may let pass. */
export function noReviewer(issuer: string): ReviewOutcome {
  return { kind: 'no', refusal: refuse('ERR_INTERNAL', `entry ${issuer} has no reviewer`) };
}
