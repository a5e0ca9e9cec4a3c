// What a rule looks at in a claim: one value, the elements of a list, or the parts of a text (`split`), such as the words of
// `scope` (RFC 6749 section 3.3).

/** More parts than this are not looked at. */
const MAX_PARTS = 1000;

/**
 * The values of a claim, each of which a rule looks at by itself.
 *
 * @param value the claim, which is there.
 * @param split what separates the parts of a text; undefined: a text is one value. Empty parts are none, and what is no text
 * has none.
 */
export function valuesOfClaim(value: unknown, split: string | undefined): readonly unknown[] {
  const elements: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (split === undefined) {
    return elements;
  }
  const parts: string[] = [];
  for (const element of elements) {
    const left = MAX_PARTS - parts.length;
    if (left > 0 && typeof element === 'string') {
      parts.push(...element.split(split, left).filter((part) => part !== ''));
    }
  }
  return parts;
}
