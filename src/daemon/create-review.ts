// The review of a decision, by the reviewers of one policy: counted, and told of when an API server stops answering.
import type { Logger } from 'pino';
import type { AuthorizeOptions } from '../decide/authorize-options.ts';
import type { ReviewerOf } from '../issuers/review/create-reviewers.ts';
import type { Metrics } from '../log/metrics.ts';
import { noReviewer, noteOf } from '../review/review-outcome.ts';

/**
 * Creates it.
 *
 * @param failing entries whose API server gave no answer when it was asked last; kept from one policy to the next.
 */
export function createReview(
  reviewerOf: ReviewerOf,
  failing: Set<string>,
  metrics: Pick<Metrics, 'countReview'>,
  logger: Pick<Logger, 'info' | 'error'>,
): NonNullable<AuthorizeOptions['review']> {
  return async ({ name: issuer, entry }, token) => {
    const reviewer = reviewerOf(issuer);
    if (reviewer === undefined) {
      return noReviewer(issuer);
    }
    const outcome = await reviewer.review(token);
    metrics.countReview(issuer, noteOf(outcome));
    if (outcome.kind === 'unavailable') {
      if (!failing.has(issuer)) {
        const { message: reason, hint } = outcome.refusal;
        const onError = entry.review?.onError;
        logger.error({ issuer, onError, reason, hint }, 'the API server cannot be asked');
      }
      failing.add(issuer);
    } else if (failing.delete(issuer)) {
      logger.info({ issuer }, 'the API server can be asked again');
    }
    return outcome;
  };
}
