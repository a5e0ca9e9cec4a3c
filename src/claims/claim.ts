// Finds a claim in a token's claims: by name, or by JSON Pointer (RFC 6901) when the selector starts with a slash.

import { isJSONObject, type JSONObject } from '../parse-json-object.ts';

/** The claims of a token: a JSON object, nothing known of its members. */
export type Claims = JSONObject;

/**
 * Looks a claim up. A name is looked up as it stands, dots and all, as claims under URL names are common; only own
 * members count, so that a claim called `constructor` is one that the token carries.
 *
 * @returns its value, or undefined when the token does not have it.
 */
export function findClaim(claims: Claims, selector: string): unknown {
  if (!selector.startsWith('/')) {
    return Object.hasOwn(claims, selector) ? claims[selector] : undefined;
  }
  let value: unknown = claims;
  for (const name of stepsOf(selector)) {
    if (Array.isArray(value)) {
      const list: unknown[] = value;
      value = /^(?:0|[1-9][0-9]{0,8})$/.test(name) ? list[Number(name)] : undefined;
    } else if (isJSONObject(value) && Object.hasOwn(value, name)) {
      value = value[name];
    } else {
      return undefined;
    }
  }
  return value;
}

/** The claim that a selector leads into: itself where it is a name, else the first step of the pointer. */
export function claimNameOf(selector: string): string {
  return pathOf(selector)[0] ?? '';
}

/** The names on the way to a claim, the outermost first; one where the selector is a name. */
export function pathOf(selector: string): readonly string[] {
  return selector.startsWith('/') ? stepsOf(selector) : [selector];
}

/** The steps of a JSON Pointer. */
function stepsOf(pointer: string): string[] {
  return pointer
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}
