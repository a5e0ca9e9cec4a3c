// The review of a single decision, for commands: by a reviewer that is made when an entry wants one, and loaded then, as most
// logins need no network.
import type { AuthorizeOptions } from '../decide/authorize-options.ts';
import { refuse } from '../errors.ts';

/** Asks over a connection of its own. */
export const reviewOnce: NonNullable<AuthorizeOptions['review']> = async (issuer, token) => {
  const { createReviewers } = await import('../issuers/review/create-reviewers.ts');
  const reviewers = createReviewers(() => performance.now() / 1000);
  const reviewer = reviewers.use([issuer])(issuer.name);
  if (reviewer === undefined) {
    // Not "unavailable", which an entry may let pass.
    const message = `entry ${issuer.name} has no reviewer`;
    return { kind: 'no', refusal: refuse('ERR_INTERNAL', message) };
  }
  try {
    return await reviewer.review(token);
  } finally {
    reviewers.close();
  }
};
