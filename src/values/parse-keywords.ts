// The `name=value` form of libpq's connection strings (PostgreSQL documentation, 32.1.1.1).

/** @returns the parameters in the order in which they stand, the last of a name; undefined for text of another form. */
export function parseKeywords(text: string): ReadonlyMap<string, string> | undefined {
  const parameters = new Map<string, string>();
  const pattern = /\s*([A-Za-z_]+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|((?:[^\s'\\]|\\.)*))(?:\s+|$)/sy;
  while (pattern.lastIndex < text.length) {
    const [, name, quoted, plain = ''] = pattern.exec(text) ?? [];
    if (name === undefined) {
      return undefined;
    }
    parameters.set(name, (quoted ?? plain).replaceAll(/\\(.)/gs, '$1'));
  }
  return parameters;
}
