// The decision: may the bearer of this token log in as this role? One pipeline for the daemon and `pgtoken pam`.
//
// Fails closed: what is not granted here is not granted. Nothing in it is chosen by the token but the order of work.
import type { Clock } from '../clock.ts';
import { isRefusal, refuse, type Refusal } from '../errors.ts';
import { findKeys, type WantedKey } from '../keys/find-keys.ts';
import type { KeySet } from '../keys/parse-key-set.ts';
import { checkRole } from '../roles/check-role.ts';
import { checkClaims } from '../verify/check-claims.ts';
import { parseToken, type ParsedToken } from '../verify/parse-token.ts';
import { verifySignature } from '../verify/verify-signature.ts';
import { findCandidates } from './find-candidates.ts';
import type { KnownToken, KnownTokens } from './known-tokens.ts';
import type { Issuer, Policy } from './policy.ts';

/** What PAM knows of a login. */
export interface LoginRequest {
  /** The PAM service (PAM_SERVICE). */
  readonly service: string;
  /** The database role that is asked for (PAM_USER). */
  readonly role: string;
  /** Where the client is (PAM_RHOST); undefined for a unix socket. */
  readonly source: string | undefined;
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

/** The world around a decision. */
export interface AuthorizeOptions {
  readonly clock: Clock;
  /** Gives an issuer's keys; they may lack the one that is wanted. */
  readonly keysOf: (issuer: Issuer, wanted: WantedKey) => Promise<KeySet | Refusal>;
  /** Whether an issuer's key is at hand, so that asking for it waits for nobody; default: never. */
  readonly hasKey?: (issuer: Issuer, wanted: WantedKey) => boolean;
  /** Remembers tokens, under this policy alone; default: nothing is remembered. */
  readonly knownTokens?: KnownTokens;
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
  if (isRefusal(token)) {
    return { decision: token, issuer: undefined, token: undefined, verified: false };
  }
  const candidates = findCandidates(token.claims, policy.issuers);
  if (isRefusal(candidates)) {
    return { decision: candidates, issuer: undefined, token, verified: false };
  }
  let furthest: Refused | undefined;
  for (const issuer of withKeysAtHandFirst(candidates, token, options)) {
    const outcome = await tryIssuer(issuer, { token, known }, request, policy, options);
    if (outcome === undefined) {
      const decision = { granted: true, issuer: issuer.name, role: request.role } as const;
      return { decision, issuer: issuer.name, token, verified: true };
    }
    if (furthest === undefined || outcome.step > furthest.step) {
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
    verified: (furthest?.step ?? 0) > STEP.signature,
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

/** The steps of a decision by one entry, in order; a refusal at a later one says more. */
const STEP = { form: 1, keys: 2, signature: 3, claims: 4, role: 5 } as const;

interface Refused {
  readonly issuer: string;
  readonly step: number;
  readonly refusal: Refusal;
}

/** Where several entries judged a token, the reason has to say whose it is. */
function nameEntry({ issuer, refusal }: Refused): Refusal {
  return refuse(refusal.code, `entry ${issuer}: ${refusal.message}`, refusal.hint);
}

async function tryIssuer(
  issuer: Issuer,
  { token, known }: { readonly token: ParsedToken; readonly known: KnownToken | undefined },
  request: LoginRequest,
  policy: Policy,
  options: AuthorizeOptions,
): Promise<Refused | undefined> {
  const at = (step: keyof typeof STEP, refusal: Refusal): Refused => ({
    issuer: issuer.name,
    step: STEP[step],
    refusal,
  });
  const unfit = checkForm(token, issuer);
  if (unfit !== undefined) {
    return at('form', unfit);
  }
  const keySet = await options.keysOf(issuer, token);
  if (isRefusal(keySet)) {
    return at('keys', keySet);
  }
  const keys = findKeys(keySet, token);
  if (isRefusal(keys)) {
    return at('form', keys);
  }
  const now = options.clock();
  const remembered = known?.isVerified(issuer.name, keys, now) === true;
  const key = remembered ? undefined : await verifySignature(token, keys);
  if (isRefusal(key)) {
    return at('signature', key);
  }
  const wrong = checkClaims(token, issuer.entry, now);
  if (wrong !== undefined) {
    return at('claims', wrong);
  }
  if (key !== undefined) {
    // Only now, so that tokens made for others do not take the place of those made for us.
    known?.remember(issuer.name, token, key);
  }
  const notPermitted = checkRole(request.role, issuer.rolesOf(token.claims), policy.protectedRoles);
  return notPermitted === undefined ? undefined : at('role', notPermitted);
}

function checkForm(token: ParsedToken, issuer: Issuer): Refusal | undefined {
  const { algorithms, maxBytes } = issuer.entry.token;
  const bytes = Buffer.byteLength(token.text);
  if (bytes > maxBytes) {
    return refuse(
      'ERR_TOKEN_TOO_LARGE',
      `the token has ${bytes} bytes; entry ${issuer.name} accepts ${maxBytes} (token.maxBytes)`,
    );
  }
  return algorithms.includes(token.algorithm)
    ? undefined
    : refuse(
        'ERR_ALGORITHM_NOT_ALLOWED',
        `the token is signed with alg ${token.algorithm}; entry ${issuer.name} accepts ${algorithms.join(', ')} (token.algorithms)`,
      );
}
