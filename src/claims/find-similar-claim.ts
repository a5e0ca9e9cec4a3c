// The claim that was meant by a name that a token does not have. Advice alone: no other claim is ever looked at.
import { type Claims, findClaim } from './claim.ts';
import { toPointer } from './to-pointer.ts';

/**
 * Finds a claim that the token has in place of one that it has not: the member of a claim that was written with dots, as
 * JSONPath, or without its first slash; or a name in another case.
 *
 * @returns how it is written, or undefined where there is none.
 */
export function findSimilarClaim(claims: Claims, selector: string): string | undefined {
  const pointer = toPointer(selector);
  if (pointer !== undefined && findClaim(claims, pointer) !== undefined) {
    return pointer;
  }
  const folded = selector.toLowerCase();
  return selector.startsWith('/')
    ? undefined
    : Object.keys(claims).find((name) => name !== selector && name.toLowerCase() === folded);
}
