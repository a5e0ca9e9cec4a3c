// The review of a single decision, for commands: by a reviewer that is made when an entry wants one, and loaded then, as most
// logins need no network.
import { monotonicClock } from '../clock.ts';
import type { AuthorizeOptions } from '../decide/authorize-options.ts';
import { noReviewer } from '../review/review-outcome.ts';

/** Asks over a connection of its own. */
export const reviewOnce: NonNullable<AuthorizeOptions['review']> = async (issuer, token) => {
  const { createReviewers } = await import('../issuers/review/create-reviewers.ts');
  const reviewers = createReviewers(monotonicClock);
  const reviewer = reviewers.use([issuer])(issuer.name);
  if (reviewer === undefined) {
    return noReviewer(issuer.name);
  }
  try {
    return await reviewer.review(token);
  } finally {
    reviewers.close();
  }
};
