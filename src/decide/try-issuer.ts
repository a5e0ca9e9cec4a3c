// How one entry decides about a token: whom it is for, the form of the token, keys and signature, claims, the role, and the review.
//
// This order is a matter of security: nothing of the token is believed before its signature is verified with a key that
// the entry's own configuration led to.
import type { JWK } from 'jose';
import { isRefusal, type Refusal, refuse } from '../errors.ts';
import { findKeys } from '../keys/find-keys.ts';
import { keyIDsOf } from '../keys/key-ids-of.ts';
import { checkRole } from '../roles/check-role.ts';
import { findRefusal } from '../verify/checks/check.ts';
import type { ParsedToken } from '../verify/parse-token.ts';
import { verifySignature } from '../verify/verify-signature.ts';
import type { AuthorizeOptions } from './authorize-options.ts';
import type { LoginRequest } from './login.ts';
import { explainRole } from './explain-role.ts';
import type { CachedToken } from './verified-tokens.ts';
import type { Issuer, Policy } from '../policy/policy.ts';
import type { ReviewNote } from '../review/review-outcome.ts';
import { reviewToken } from './review-token.ts';
import { createEntryTrace } from './trace.ts';

/** Why an entry does not grant. */
export interface Refused {
  readonly issuer: string;
  /** Of several refusals, that of the highest rank says most about what is wrong. */
  readonly rank: number;
  readonly refusal: Refusal;
  /** The keys of the issuer that do not verify the signature, where that is what is wrong. */
  readonly failedKeys?: readonly JWK[];
  /** What the API server said, where it was asked. */
  readonly review?: ReviewNote | undefined;
}

/**
 * How far a decision came. An entry that has no keys to decide by says more than one whose keys are not the token's: it
 * may be the one that signed it.
 */
const RANK = {
  admission: 0,
  form: 1,
  key: 1,
  keys: 2,
  signature: 3,
  claims: 4,
  role: 5,
  review: 6,
} as const;

/** Whether the token was verified by the time that this entry refused it. */
export function isVerifiedAt(refused: Refused): boolean {
  return refused.rank > RANK.signature;
}

/** An entry grants. */
export interface Accepted {
  /** The key of the issuer that verified the token. */
  readonly verifiedBy: JWK;
  /** What the API server said, where it was asked. */
  readonly review: ReviewNote | undefined;
}

/** Decides about a token by one entry. */
export async function tryIssuer(
  issuer: Issuer,
  { token, known }: { readonly token: ParsedToken; readonly known: CachedToken | undefined },
  request: LoginRequest,
  policy: Policy,
  options: AuthorizeOptions,
): Promise<Refused | Accepted> {
  const trace = createEntryTrace(options.trace, issuer);
  const at = (rank: keyof typeof RANK, refusal: Refusal): Refused => ({
    issuer: issuer.name,
    rank: RANK[rank],
    refusal,
  });
  const notMeant = findRefusal(issuer.admissionChecks, request, trace?.admission(request));
  if (notMeant !== undefined) {
    return at('admission', notMeant);
  }
  const unsupported = checkForm(token, issuer);
  trace?.form(token, unsupported);
  if (unsupported !== undefined) {
    return at('form', unsupported);
  }
  const keySet = await options.keysOf(issuer, token);
  trace?.keys(keySet);
  if (isRefusal(keySet)) {
    return at('keys', keySet);
  }
  const keys = findKeys(keySet, token);
  trace?.key(token, keySet, keys);
  if (isRefusal(keys)) {
    return at('key', keys);
  }
  const now = options.clock();
  const remembered = known?.verifiedBy(issuer.name, keys, now);
  const key = remembered ?? (await verifySignature(token, keys));
  trace?.signature(token, remembered === undefined ? key : undefined);
  if (isRefusal(key)) {
    return { ...at('signature', key), failedKeys: keys };
  }
  const verified = {
    type: token.type,
    claims: token.claims,
    // Looked for where an entry denies keys, and not at each login.
    get keyIDs() {
      return [token.keyID, ...keyIDsOf(keySet, keys)].filter((id) => id !== undefined);
    },
    now,
  };
  const wrong = findRefusal(issuer.claimChecks, verified, trace?.claims(verified));
  if (wrong !== undefined) {
    return at('claims', wrong);
  }
  if (remembered === undefined) {
    // Only now, so that tokens made for others do not take the place of those made for us.
    known?.remember(issuer.name, token, key);
  }
  const roles = issuer.rolesOf(token.claims);
  const refusedRole = checkRole(
    request.role,
    roles,
    policy.protectedRoles,
    issuer.entry.allowProtectedRoles,
  );
  const notPermitted = explainRole(refusedRole, issuer, token.claims, request.role, roles);
  trace?.role(request.role, roles, notPermitted);
  if (notPermitted !== undefined) {
    return at('role', notPermitted);
  }
  const { note: review, refusal: revoked } = await reviewToken(issuer, token, options, trace);
  return revoked === undefined ? { verifiedBy: key, review } : { ...at('review', revoked), review };
}

function checkForm(token: ParsedToken, issuer: Issuer): Refusal | undefined {
  const { maxBytes } = issuer.entry.token;
  const bytes = Buffer.byteLength(token.text);
  if (bytes > maxBytes) {
    return refuse(
      'ERR_TOKEN_TOO_LARGE',
      `the token has ${bytes} bytes; expected at most ${maxBytes} (token.maxBytes)`,
    );
  }
  return issuer.algorithms.includes(token.algorithm)
    ? undefined
    : refuse(
        'ERR_ALGORITHM_NOT_ALLOWED',
        `the token is signed with alg ${token.algorithm}; expected ${issuer.algorithms.length > 1 ? 'one of ' : ''}${issuer.algorithms.join(', ')} (token.algorithms)`,
      );
}
