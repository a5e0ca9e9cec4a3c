// The decision: may the bearer of this token log in as this role? One pipeline for the daemon and `pgtoken pam`.
//
// Fails closed: what is not granted here is not granted. Nothing in it is chosen by the token but the order of work.
import type { JWK } from 'jose';
import { isRefusal, refuse, type Refusal } from '../errors.ts';
import { findKeys, lacksKey, type WantedKey } from '../keys/find-keys.ts';
import type { KeySet } from '../keys/formats/parse-key-set.ts';
import { parseToken, type ParsedToken } from '../verify/parse-token.ts';
import type { AuthorizeOptions } from './authorize-options.ts';
import { type DecisionRecord, undecided } from './decision.ts';
import { identityOf } from './identity-of.ts';
import { findCandidates } from './find-candidates.ts';
import type { LoginRequest } from './login.ts';
import type { Issuer, Policy } from '../policy/policy.ts';
import type { ReviewNote } from '../review/review-outcome.ts';
import { isVerifiedAt, type Refused, tryIssuer } from './try-issuer.ts';
import { traceCandidates, traceShape, type TraceStep } from './trace.ts';

/**
 * Decides one login.
 *
 * Entries of the token's issuer are tried in the order of the file, those whose keys are at hand before those whose
 * issuer must be asked, so that one cluster's outage does not hold up another's logins under the same URL. The first
 * grant wins. If none grants, entries by whose keys the signature is wrong are tried once more, if their issuer has other keys
 * by now. Then the refusal that came furthest is returned, as it says most about what is wrong.
 *
 * Sets no deadline of its own beyond those of `keysOf` and `review`.
 */
export async function authorize(
  request: LoginRequest,
  policy: Policy,
  options: AuthorizeOptions,
): Promise<DecisionRecord> {
  const known = options.verifiedTokens?.find(request.password);
  const token = known?.parsed ?? parseToken(request.password, policy.maxTokenBytes);
  traceShape(options.trace, token);
  if (isRefusal(token)) {
    return undecided(token);
  }
  const candidates = findCandidates(token.claims, policy.issuers);
  traceCandidates(options.trace, token, candidates);
  if (isRefusal(candidates)) {
    return undecided(candidates, token);
  }
  const attempts: Attempt[] = [];
  let granting: Attempt | undefined;
  for (const issuer of cachedKeysFirst(candidates, token, options)) {
    const attempt = await attemptIssuer(issuer, { token, known }, request, policy, options);
    attempts.push(attempt);
    if (attempt.refused === undefined) {
      granting = attempt;
      break;
    }
  }
  granting ??= await retryWithNewKeys(attempts, { token, known }, request, policy, options);
  for (const { steps } of attempts) {
    steps.forEach((step) => options.trace?.(step));
  }
  if (granting === undefined) {
    return concludeRefused(attempts, token);
  }
  const issuer = granting.issuer.name;
  const decision = { granted: true, issuer, role: request.role } as const;
  const { verifiedBy: key, review } = granting;
  const identity = identityOf(token.claims, granting.issuer.entry.oauth?.identity ?? 'sub');
  return { decision, issuer, token, verified: true, key, identity, review };
}

/** What came of one entry. */
interface Attempt {
  readonly issuer: Issuer;
  /** Undefined when it grants. */
  readonly refused: Refused | undefined;
  /** The key that verified the token, where it grants. */
  readonly verifiedBy: JWK | undefined;
  /** What the API server said, where it was asked. */
  readonly review: ReviewNote | undefined;
  /** For an explanation. */
  readonly steps: readonly TraceStep[];
}

type TokenAtHand = Parameters<typeof tryIssuer>[1];

async function attemptIssuer(
  issuer: Issuer,
  token: TokenAtHand,
  request: LoginRequest,
  policy: Policy,
  options: AuthorizeOptions,
): Promise<Attempt> {
  const steps: TraceStep[] = [];
  const traced =
    options.trace === undefined
      ? options
      : { ...options, trace: (step: TraceStep) => steps.push(step) };
  const outcome = await tryIssuer(issuer, token, request, policy, traced);
  const { review } = outcome;
  return 'refusal' in outcome
    ? { issuer, refused: outcome, verifiedBy: undefined, review, steps }
    : { issuer, refused: undefined, verifiedBy: outcome.verifiedBy, review, steps };
}

/**
 * Where no entry grants, fetches the keys again of those issuers whose keys did not verify the signature: issuers replace
 * keys under the same name, or have none. Only then, as the token may be that of another entry with the same URL.
 *
 * @param attempts of all entries, each a refusal; one that is made again takes its place.
 * @returns the attempt that grants now.
 */
async function retryWithNewKeys(
  attempts: Attempt[],
  token: TokenAtHand,
  request: LoginRequest,
  policy: Policy,
  options: AuthorizeOptions,
): Promise<Attempt | undefined> {
  for (const [index, { issuer, refused }] of attempts.entries()) {
    if (refused?.failedKeys !== undefined) {
      const { keyID, algorithm } = token.token;
      const wanted = { keyID, algorithm, failed: refused.failedKeys };
      const keySet = await options.keysOf(issuer, wanted);
      if (!isRefusal(keySet) && hasChanged(keySet, wanted)) {
        const again = await attemptIssuer(issuer, token, request, policy, options);
        attempts[index] = again;
        if (again.refused === undefined) {
          return again;
        }
      }
    }
  }
  return undefined;
}

/** Whether other keys would be tried than those that have failed, or none any more. */
function hasChanged(keySet: KeySet, wanted: WantedKey): boolean {
  return isRefusal(findKeys(keySet, wanted)) || !lacksKey(keySet, wanted);
}

/** The refusal that came furthest. */
function concludeRefused(attempts: readonly Attempt[], token: ParsedToken): DecisionRecord {
  let furthest: Refused | undefined;
  for (const { refused } of attempts) {
    if (refused !== undefined && (furthest === undefined || refused.rank > furthest.rank)) {
      furthest = refused;
    }
  }
  const refusal =
    furthest !== undefined && attempts.length > 1 ? nameEntry(furthest) : furthest?.refusal;
  return {
    decision: refusal ?? refuse('ERR_INTERNAL', 'no entry was tried'),
    issuer: furthest?.issuer,
    token,
    verified: furthest !== undefined && isVerifiedAt(furthest),
    review: furthest?.review,
  };
}

function cachedKeysFirst(
  candidates: readonly Issuer[],
  token: ParsedToken,
  options: AuthorizeOptions,
): readonly Issuer[] {
  const { hasCachedKey } = options;
  if (candidates.length === 1 || hasCachedKey === undefined) {
    return candidates;
  }
  const atHand = candidates.filter((issuer) => hasCachedKey(issuer, token));
  return [...atHand, ...candidates.filter((issuer) => !atHand.includes(issuer))];
}

/** Where several entries were tried for a token, the reason has to say whose it is. */
function nameEntry({ issuer, refusal }: Refused): Refusal {
  return refuse(refusal.code, `entry ${issuer}: ${refusal.message}`, refusal.hint);
}
