// The decision: may the bearer of this token log in as this role? One pipeline for the daemon and `pgtoken pam`.
//
// Fails closed: what is not granted here is not granted. Nothing in it is chosen by the token but the order of work.
import type { Clock } from '../clock.ts';
import { isRefusal, refuse, type Refusal } from '../errors.ts';
import type { WantedKey } from '../keys/find-keys.ts';
import type { KeySet } from '../keys/parse-key-set.ts';
import { parseToken, type ParsedToken } from '../verify/parse-token.ts';
import { findCandidates } from './find-candidates.ts';
import type { KnownTokens } from './known-tokens.ts';
import type { Issuer, Policy } from './policy.ts';
import { isVerifiedAt, type Refused, tryIssuer } from './try-issuer.ts';
import { type Trace, traceCandidates, traceShape } from './trace.ts';

/** What PAM knows of a login. */
export interface Login {
  /** The PAM service (PAM_SERVICE). */
  readonly service: string;
  /** The database role that is asked for (PAM_USER). */
  readonly role: string;
  /** Where the client is (PAM_RHOST); undefined for a unix socket. */
  readonly source: string | undefined;
}

/** A login, and what is to be decided on. */
export interface LoginRequest extends Login {
  /** What the client sent as password. */
  readonly password: string;
}

/** A login that is permitted, and by which entry. */
export interface Grant {
  readonly granted: true;
  readonly issuer: string;
  readonly role: string;
}

/** Yes, or no and why. */
export type Decision = Grant | Refusal;

/** A decision with what it was made of, for the audit line. */
export interface Judgement {
  readonly decision: Decision;
  /** The entry that decided; undefined when it came to none. */
  readonly issuer: string | undefined;
  /** The token, when it was one. */
  readonly token: ParsedToken | undefined;
  /** Whether the entry's keys verified the token's signature: until then anybody may have written it. */
  readonly verified: boolean;
}

/** @returns a refusal that no entry had a part in. */
export function notJudged(decision: Refusal, token?: ParsedToken): Judgement {
  return { decision, issuer: undefined, token, verified: false };
}

/** The world around a decision. */
export interface AuthorizeOptions {
  readonly clock: Clock;
  /** Gives an issuer's keys; they may lack the one that is wanted. */
  readonly keysOf: (issuer: Issuer, wanted: WantedKey) => Promise<KeySet | Refusal>;
  /** Whether an issuer's key is at hand, so that asking for it waits for nobody; default: never. */
  readonly hasKey?: (issuer: Issuer, wanted: WantedKey) => boolean;
  /** Remembers tokens, under this policy alone; default: nothing is remembered. */
  readonly knownTokens?: KnownTokens;
  /** Told of every step, for an explanation; default: nobody. What it does changes nothing. */
  readonly trace?: Trace;
}

/**
 * Decides one login.
 *
 * Entries of the token's issuer are tried in the order of the file, those whose keys are at hand before those whose
 * issuer must be asked, so that one cluster's outage does not hold up another's logins under the same URL. The first
 * grant wins. If none grants, the refusal that came furthest is returned, as it says most about what is wrong.
 *
 * Sets no deadline of its own beyond those of `keysOf`.
 */
export async function authorize(
  request: LoginRequest,
  policy: Policy,
  options: AuthorizeOptions,
): Promise<Judgement> {
  const known = options.knownTokens?.find(request.password);
  const token = known?.parsed ?? parseToken(request.password, policy.maxTokenBytes);
  traceShape(options.trace, token);
  if (isRefusal(token)) {
    return notJudged(token);
  }
  const candidates = findCandidates(token.claims, policy.issuers);
  traceCandidates(options.trace, token, candidates);
  if (isRefusal(candidates)) {
    return notJudged(candidates, token);
  }
  let furthest: Refused | undefined;
  for (const issuer of withKeysAtHandFirst(candidates, token, options)) {
    const outcome = await tryIssuer(issuer, { token, known }, request, policy, options);
    if (outcome === undefined) {
      const decision = { granted: true, issuer: issuer.name, role: request.role } as const;
      return { decision, issuer: issuer.name, token, verified: true };
    }
    if (furthest === undefined || outcome.rank > furthest.rank) {
      furthest = outcome;
    }
  }
  if (furthest !== undefined && candidates.length > 1) {
    furthest = { ...furthest, refusal: nameEntry(furthest) };
  }
  return {
    decision: furthest?.refusal ?? refuse('ERR_INTERNAL', 'no entry was tried'),
    issuer: furthest?.issuer,
    token,
    verified: furthest !== undefined && isVerifiedAt(furthest),
  };
}

function withKeysAtHandFirst(
  candidates: readonly Issuer[],
  token: ParsedToken,
  options: AuthorizeOptions,
): readonly Issuer[] {
  const { hasKey } = options;
  if (candidates.length === 1 || hasKey === undefined) {
    return candidates;
  }
  const atHand = candidates.filter((issuer) => hasKey(issuer, token));
  return [...atHand, ...candidates.filter((issuer) => !atHand.includes(issuer))];
}

/** Where several entries judged a token, the reason has to say whose it is. */
function nameEntry({ issuer, refusal }: Refused): Refusal {
  return refuse(refusal.code, `entry ${issuer}: ${refusal.message}`, refusal.hint);
}
