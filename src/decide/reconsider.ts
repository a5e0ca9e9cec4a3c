// Whether a login that was granted would be granted again, by the policy and the keys in force now. For sessions, which outlive
// what let them in.
//
// Without the token, which nobody keeps: what it said is known to be true, as its signature was verified when it was granted.
// And without a network: keys that are not cached leave the question open, and what is open is no reason to end a session.
import { isRefusal, refuse, type Refusal } from '../errors.ts';
import { findKeys } from '../keys/find-keys.ts';
import { keyIDsOf } from '../keys/key-ids-of.ts';
import type { KeySet } from '../keys/formats/parse-key-set.ts';
import { thumbprintOf } from '../keys/thumbprint-of.ts';
import type { Issuer, Policy } from '../policy/policy.ts';
import { checkRole } from '../roles/check-role.ts';
import { findRefusal } from '../verify/checks/check.ts';
import type { ParsedToken } from '../verify/parse-token.ts';
import { findCandidates } from './find-candidates.ts';
import type { Login } from './login.ts';

/** A login that was granted, as far as it is looked at again. */
export interface GrantedLogin extends Login {
  /** What the token said, without its signature. */
  readonly token: Pick<ParsedToken, 'algorithm' | 'keyID' | 'type' | 'claims'>;
  /** The key that verified it, by its {@link thumbprintOf}. */
  readonly key: string;
  /** When it was granted, Unix time in seconds. */
  readonly grantedAt: number;
}

/**
 * Decides a granted login again: origin, algorithm, key, claims and role, as `authorize` does. Times of the token are looked at as
 * they were when it was granted, whatever has expired since.
 *
 * A key that is no longer published counts as withdrawn only while the token would still be valid: after its `exp` issuers take
 * keys away as a matter of course.
 *
 * @param cachedKeys the keys of an entry as they are known now; undefined where they are not.
 * @param now Unix time in seconds.
 * @returns why nobody would grant it, in the words of the entry that came furthest; undefined where one would, or where that
 * cannot be told.
 */
export function reconsider(
  granted: GrantedLogin,
  policy: Pick<Policy, 'issuers' | 'protectedRoles'>,
  cachedKeys: (issuer: Issuer) => KeySet | undefined,
  now: number,
): Refusal | undefined {
  const candidates = findCandidates(granted.token.claims, policy.issuers);
  if (isRefusal(candidates)) {
    return candidates;
  }
  let furthest: { readonly step: number; readonly refusal: Refusal } | undefined;
  for (const issuer of candidates) {
    const refused = refuseBy(issuer, granted, policy.protectedRoles, cachedKeys, now);
    if (refused === undefined) {
      return undefined;
    }
    const { code, message, hint } = refused.refusal;
    const refusal =
      candidates.length > 1
        ? refuse(code, `entry ${issuer.name}: ${message}`, hint)
        : refused.refusal;
    if (furthest === undefined || refused.step > furthest.step) {
      furthest = { step: refused.step, refusal };
    }
  }
  return furthest?.refusal;
}

function refuseBy(
  issuer: Issuer,
  granted: GrantedLogin,
  protectedRoles: readonly string[],
  cachedKeys: (issuer: Issuer) => KeySet | undefined,
  now: number,
): { readonly step: number; readonly refusal: Refusal } | undefined {
  const { token, role, grantedAt } = granted;
  const { claims, type, keyID, algorithm } = token;
  const origin = findRefusal(issuer.admissionChecks, granted);
  if (origin !== undefined) {
    return { step: 0, refusal: origin };
  }
  if (!issuer.algorithms.includes(algorithm)) {
    const expected = issuer.algorithms.join(', ');
    const message = `the token is signed with alg ${algorithm}; expected ${expected} (token.algorithms)`;
    return { step: 1, refusal: refuse('ERR_ALGORITHM_NOT_ALLOWED', message) };
  }
  const keySet = cachedKeys(issuer);
  const found = keySet === undefined ? [] : findKeys(keySet, token);
  const keys = isRefusal(found) ? [] : found.filter((key) => thumbprintOf(key) === granted.key);
  const isExpired = !(Number(claims['exp']) + issuer.entry.token.clockSkew > now);
  if (keySet !== undefined && keys.length === 0 && !isExpired) {
    const message = 'the key that signed the token is no longer one of its issuer';
    return { step: 2, refusal: isRefusal(found) ? found : refuse('ERR_KEY_UNKNOWN', message) };
  }
  const keyIDs = [keyID, ...(keySet === undefined ? [] : keyIDsOf(keySet, keys))];
  const wrong = findRefusal(issuer.claimChecks, {
    type,
    claims,
    keyIDs: keyIDs.filter((id) => id !== undefined),
    now: grantedAt,
  });
  if (wrong !== undefined) {
    return { step: 3, refusal: wrong };
  }
  const roles = issuer.rolesOf(claims);
  const notPermitted = checkRole(role, roles, protectedRoles, issuer.entry.allowProtectedRoles);
  return notPermitted === undefined ? undefined : { step: 4, refusal: notPermitted };
}
