// What a token is bound to: a key, whose possession cannot be checked here (RFC 7800), or an object of Kubernetes, with
// which it ends to be valid.
import { findClaim } from '../../claims/claim.ts';
import type { IssuerConfiguration } from '../../config/schema/schema.ts';
import { refuse } from '../../errors.ts';
import { isJSONObject } from '../../parse-json-object.ts';
import type { Check, VerifiedToken } from './check.ts';

/** The demands on what a token is bound to. */
export function bindingChecks(token: IssuerConfiguration['token']): Check<VerifiedToken>[] {
  return [
    ...(token.allowSenderConstrained ? [] : [BEARER]),
    ...(token.boundTo === undefined ? [] : [objectCheck(token.boundTo)]),
  ];
}

/** A token with `cnf` proves nothing without its key (RFC 7800 section 3.1). */
const BEARER: Check<VerifiedToken> = {
  name: 'cnf',
  expected: 'none',
  seen: ({ claims }) => (Object.hasOwn(claims, 'cnf') ? 'a key' : 'none'),
  refusal: ({ claims }) =>
    Object.hasOwn(claims, 'cnf')
      ? refuse(
          'ERR_CLAIM_REJECTED',
          'the token is bound to a key (cnf), whose possession cannot be checked here; expected a bearer token',
          'Ask the issuer for a token without proof of possession (DPoP, mTLS).',
        )
      : undefined,
};

type BoundObject = 'pod' | 'node' | 'secret';

function objectCheck(kinds: readonly BoundObject[]): Check<VerifiedToken> {
  const expected = `a token bound to a ${kinds.join(' or ')} (token.boundTo)`;
  return {
    name: 'boundTo',
    expected,
    seen: describeObject,
    refusal: (token) => {
      const kind = boundObjectOf(token.claims);
      return kind !== undefined && kinds.includes(kind)
        ? undefined
        : refuse(
            'ERR_CLAIM_REJECTED',
            `the token is bound to ${describeObject(token)} (kubernetes.io); expected ${expected}`,
            'Use the token of a projected volume, or kubectl create token --bound-object-kind.',
          );
    },
  };
}

function describeObject({ claims }: VerifiedToken): string {
  const kind = boundObjectOf(claims);
  return kind === undefined ? 'nothing' : `a ${kind}`;
}

/** The object a token is bound to. One that is bound to a pod may also name the pod's node, and is not bound to that. */
function boundObjectOf(claims: VerifiedToken['claims']): BoundObject | undefined {
  return (['pod', 'secret', 'node'] as const).find((kind) => {
    const kubernetes = findClaim(claims, 'kubernetes.io');
    const object =
      isJSONObject(kubernetes) && Object.hasOwn(kubernetes, kind) ? kubernetes[kind] : undefined;
    return isJSONObject(object) && isName(object['name']) && isName(object['uid']);
  });
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}
