// The last step of a decision, of entries with `review`: whether the API server still accepts the token. After all that needs
// nobody: who would be refused anyway makes nobody ask, and the API server sees no token but those that are good for a login.
import { refuse, type Refusal } from '../errors.ts';
import type { Issuer } from '../policy/policy.ts';
import { noteOf, type ReviewNote } from '../review/review-outcome.ts';
import type { ParsedToken } from '../verify/parse-token.ts';
import type { AuthorizeOptions } from './authorize-options.ts';
import type { EntryTrace } from './trace.ts';

/** What came of the step. */
export interface Reviewed {
  /** Undefined where the entry has no `review`. */
  readonly note?: ReviewNote;
  /** Undefined where the login may be granted. */
  readonly refusal?: Refusal | undefined;
}

/** Reviews a token that everything else grants. */
export async function reviewToken(
  issuer: Issuer,
  token: ParsedToken,
  { review }: Pick<AuthorizeOptions, 'review'>,
  trace: EntryTrace | undefined,
): Promise<Reviewed> {
  // By what is written, and not by what was made of it.
  const part = issuer.entry.review;
  if (part === undefined) {
    return {};
  }
  if (review === undefined) {
    trace?.review('not asked', NOT_ASKED);
    return { note: 'unavailable', refusal: NOT_ASKED };
  }
  const outcome = await review(issuer, token);
  const note = noteOf(outcome);
  if (outcome.kind === 'yes') {
    trace?.review(outcome.cached ? 'yes, as before' : 'yes', undefined);
    return { note };
  }
  const { refusal } = outcome;
  const isAllowed = outcome.kind === 'unavailable' && part.onError === 'allow';
  trace?.review(
    isAllowed ? `${refusal.message}; granted all the same (review.onError)` : refusal.message,
    isAllowed ? undefined : refusal,
  );
  return { note, refusal: isAllowed ? undefined : refusal };
}

const NOT_ASKED = refuse(
  'ERR_REVIEW_UNAVAILABLE',
  'nobody has asked the API server whether it still accepts the token (review)',
  'Everything else would grant it. With --review pgtoken explain asks, and so sends the token to review.url.',
);
