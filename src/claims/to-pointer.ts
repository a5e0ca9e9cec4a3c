// Paths into claims as other programs write them, as JSON Pointers (RFC 6901).

/** Names with dots of their own, which begin a path. */
const DOTTED_NAMES = ['kubernetes.io'];

/**
 * Reads `realm_access.roles`, `$.realm_access.roles`, `$['realm_access']['roles'][*]` or `realm_access/roles` as a path.
 *
 * @returns it as a JSON Pointer; undefined for what is none of these: a pointer, a URL, or a name without steps.
 */
export function toPointer(selector: string): string | undefined {
  const isJSONPath = selector.startsWith('$');
  if (!isJSONPath && /^\/|:\/\/|^urn:/.test(selector)) {
    return undefined;
  }
  const steps = selector.includes('/') && !isJSONPath ? selector.split('/') : stepsOf(selector);
  return steps.length < (isJSONPath ? 1 : 2)
    ? undefined
    : steps.map((step) => `/${escapeStep(step)}`).join('');
}

function stepsOf(path: string): readonly string[] {
  const bare = path.replace(/^\$\.?/, '');
  const name = DOTTED_NAMES.find((one) => bare.startsWith(`${one}.`)) ?? '';
  const rest = bare.slice(name.length);
  // A step is a word between dots, or stands in brackets; every element of a list is looked at anyway.
  const found = [...rest.matchAll(/\[(?:'([^']*)'|"([^"]*)"|([0-9]+)|\*)\]|([^.[]+)/g)].flatMap(
    ([, single, double, index, word]) => single ?? double ?? index ?? word ?? [],
  );
  return name === '' ? found : [name, ...found];
}

/** A step as a JSON Pointer writes it. */
export function escapeStep(step: string): string {
  return step.replaceAll('~', '~0').replaceAll('/', '~1');
}
