// TokenReview of Kubernetes (authentication.k8s.io/v1): the question, and whether an answer is a yes.
//
// A yes is only what says so in every part: `authenticated` is true, the answer is for one of our audiences, and it is about the
// user whom the token names. An answer about another token, or one that can be read in two ways, lets nobody in. The answer has
// the token in it (`spec.token`), so that nothing of it is kept or shown but `status`, member by member.
import { type Claims, findClaim } from '../claims/claim.ts';
import { refuse } from '../errors.ts';
import { hideTokens } from '../hide-tokens.ts';
import { isJSONObject, type JSONObject } from '../parse-json-object.ts';
import { quote, quoteList } from '../quote.ts';
import type { ReviewOutcome } from './review-outcome.ts';

const API_VERSION = 'authentication.k8s.io/v1';
const KIND = 'TokenReview';

/** A token as far as it matters here. */
export interface ReviewedToken {
  /** The token as it came. */
  readonly text: string;
  readonly claims: Claims;
}

/** Where it is asked, below the address of an API server. */
export const TOKEN_REVIEW_PATH = '/apis/authentication.k8s.io/v1/tokenreviews';

/**
 * The question, as JSON.
 *
 * @param audiences those of the entry: without any, the API server looks for its own.
 */
export function tokenReviewOf(token: string, audiences: readonly string[]): string {
  return JSON.stringify({ apiVersion: API_VERSION, kind: KIND, spec: { token, audiences } });
}

/**
 * Reads the answer to a question.
 *
 * @param token that was asked about, whose signature is verified.
 */
export function readTokenReview(
  answer: JSONObject,
  { text, claims }: ReviewedToken,
  audiences: readonly string[],
): ReviewOutcome {
  // As claims are looked up: only what the answer itself has.
  const [kind, apiVersion] = [findClaim(answer, 'kind'), findClaim(answer, 'apiVersion')];
  if (kind !== KIND || apiVersion !== API_VERSION || !isJSONObject(findClaim(answer, 'status'))) {
    return unreadable(
      `the API server answered kind ${quote(kind)} of ${quote(apiVersion)}; expected TokenReview of ${API_VERSION} with a status`,
    );
  }
  const authenticated = findClaim(answer, '/status/authenticated') ?? false;
  if (typeof authenticated !== 'boolean') {
    return unreadable(
      `status.authenticated of the API server's answer is ${quote(authenticated)}; expected true or false`,
    );
  }
  if (!authenticated) {
    const error = findClaim(answer, '/status/error');
    const why = typeof error === 'string' && error !== '' ? `: ${quote(hide(text, error))}` : '';
    return {
      kind: 'no',
      refusal: refuse(
        'ERR_TOKEN_REVOKED',
        `the API server does not accept the token any more${why}`,
        'Its pod or service account is gone, or was made again under the same name: have the client read its token anew. If it is there, check that review.url is the API server that made the token.',
      ),
    };
  }
  const granted = findClaim(answer, '/status/audiences');
  const list: readonly unknown[] = Array.isArray(granted) ? granted : [];
  if (!audiences.some((audience) => list.includes(audience))) {
    return {
      kind: 'no',
      refusal: refuse(
        'ERR_TOKEN_REVOKED',
        `the API server accepts the token for ${granted === undefined ? 'no audience' : `audiences ${quoteList(list)}`}; expected ${quoteList(audiences)}`,
        'What answers at review.url does not look at audiences, or is no API server.',
      ),
    };
  }
  const other = findOther(answer, claims);
  return other === undefined
    ? { kind: 'yes', cached: false }
    : {
        kind: 'no',
        refusal: refuse(
          'ERR_TOKEN_REVOKED',
          `the API server accepts the token as ${other}`,
          'Check that review.url is the API server that made the token.',
        ),
      };
}

/** Takes what is of the token out of a text. */
function hide(token: string, text: string): string {
  const shown = text.replaceAll(/[A-Za-z0-9_-]{8,}/g, (word) =>
    token.includes(word) ? '(a token)' : word,
  );
  return hideTokens(shown);
}

/** What of the user that an answer names is not as the token has it. */
function findOther(answer: JSONObject, claims: Claims): string | undefined {
  const [name, subject] = [findClaim(answer, '/status/user/username'), findClaim(claims, 'sub')];
  if (typeof subject !== 'string' || name !== subject) {
    return `user ${quote(name)}; expected ${quote(subject)}`;
  }
  const [uid, expected] = [
    findClaim(answer, '/status/user/uid'),
    findClaim(claims, '/kubernetes.io/serviceaccount/uid'),
  ];
  // Whatever it is: one that is no text is that of no service account.
  return expected !== undefined && uid !== expected
    ? `uid ${quote(uid)}; expected ${quote(expected)}`
    : undefined;
}

function unreadable(message: string): ReviewOutcome {
  return {
    kind: 'unavailable',
    refusal: refuse(
      'ERR_REVIEW_UNAVAILABLE',
      message,
      'Check that review.url is the address of an API server, and what stands in front of it.',
    ),
  };
}
