// Asks one API server about tokens, and about what they are bound to. One question for each token at a time, however many logins
// wait for its answer; a yes counts again for a few seconds, a no never. Of a token nothing is kept but its hash.
import { hash } from 'node:crypto';
import { refuse } from '../../errors.ts';
import {
  type BoundObject,
  type ObjectAnswer,
  pathOf,
  readObject,
} from '../../review/bound-object.ts';
import type { ReviewOutcome } from '../../review/review-outcome.ts';
import type { ReviewSource } from '../../review/review-source.ts';
import {
  readTokenReview,
  type ReviewedToken,
  TOKEN_REVIEW_PATH,
  tokenReviewOf,
} from '../../review/token-review.ts';
import { type ApiServer, type ApiServerOptions, createApiServer } from './api-server.ts';

/** Asks one API server. */
export interface Reviewer {
  /** Whether it still accepts a token. Asked for tokens that are good for everything else. */
  review(token: ReviewedToken): Promise<ReviewOutcome>;
  /** Whether it still has what a token is bound to. @param now Unix time in seconds. */
  lookAt(object: BoundObject, now: number): Promise<ObjectAnswer>;
  close(): void;
}

/** The world around a {@link Reviewer}. */
export interface ReviewerOptions extends ApiServerOptions {
  /** Seconds on a clock that is never set. */
  readonly uptime: () => number;
}

/** Tokens whose yes is kept; the oldest makes room. */
const MOST_KEPT = 4096;

/** Metadata is enough, and is what a Go client asks for by these words; whatever else is there has it too. */
const METADATA =
  'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json;q=0.9';
/** What an object's metadata may be: etcd takes objects of 1.5 MB, and who may write annotations may fill them. */
const METADATA_LIMITS = { bytes: 4 * 1024 * 1024, values: 500_000 };

/** Creates one. */
export function createReviewer(source: ReviewSource, options: ReviewerOptions): Reviewer {
  const server: ApiServer = createApiServer(source, options);
  const { uptime } = options;
  const { audiences, cacheFor } = source;
  /** When the first yes of a token came to count, by the hash of the token. All count for as long: the oldest are in front. */
  const kept = new Map<string, number>();
  const underWay = new Map<string, Promise<ReviewOutcome>>();

  const keep = (id: string, since: number): void => {
    kept.delete(id);
    if (cacheFor > 0) kept.set(id, since);
    for (const [oldest, at] of kept) {
      if (kept.size <= MOST_KEPT && uptime() - at < cacheFor) {
        break;
      }
      kept.delete(oldest);
    }
  };
  const ask = async (token: ReviewedToken, id: string): Promise<ReviewOutcome> => {
    const since = uptime();
    const answer = await server.ask({
      path: TOKEN_REVIEW_PATH,
      body: tokenReviewOf(token.text, audiences),
      accept: 'application/json',
      // 201 is what an API server answers, for yes and no alike.
      expected: [201, 200],
      right: 'create tokenreviews',
    });
    if (answer.kind === 'failed') {
      const { reason, hint } = answer;
      const refusal = refuse('ERR_REVIEW_UNAVAILABLE', reason, hint);
      return { kind: 'unavailable', refusal };
    }
    const outcome = readTokenReview(answer.document, token, audiences);
    if (outcome.kind === 'yes') {
      keep(id, since);
    }
    return outcome;
  };

  return {
    async review(token) {
      const id = hash('sha256', token.text, 'base64');
      if (uptime() - (kept.get(id) ?? -Infinity) < cacheFor) {
        return { kind: 'yes', cached: true };
      }
      const asked = underWay.get(id);
      if (asked !== undefined) {
        return asked;
      }
      const asking = ask(token, id).finally(() => underWay.delete(id));
      underWay.set(id, asking);
      return asking;
    },
    async lookAt(object, now) {
      const answer = await server.ask({
        path: pathOf(object),
        accept: METADATA,
        expected: [200, 404],
        most: METADATA_LIMITS,
        right: `get ${object.kind}`,
      });
      if (answer.kind === 'failed') {
        const { reason, hint, isOfThisAlone = false } = answer;
        return { state: 'unknown', reason, hint, isOfThisAlone };
      }
      const state = readObject(object, answer.status, answer.document, now);
      return state === 'unknown'
        ? {
            state,
            reason: `${source.url}${pathOf(object)} answered ${answer.status} with something else than this object or that it is not found`,
            hint: 'Check that review.url is the address of an API server, and what stands in front of it.',
            isOfThisAlone: true,
          }
        : { state };
    },
    close() {
      server.close();
    },
  };
}
