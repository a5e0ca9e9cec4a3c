// Which keys may stand somewhere in a file, for "did you mean".
import * as z from 'zod/mini';
import type { ConfigPath } from './config-path.ts';

/** The keys that a schema knows at a path. */
export function knownKeysAt(root: z.core.$ZodType, path: ConfigPath): readonly string[] {
  let schema = root;
  for (const step of path) {
    const inner = unwrap(schema);
    const next: z.core.$ZodType | undefined =
      inner instanceof z.core.$ZodArray
        ? inner._zod.def.element
        : inner instanceof z.core.$ZodObject
          ? inner._zod.def.shape[step]
          : undefined;
    if (next === undefined) {
      return [];
    }
    schema = next;
  }
  const found = unwrap(schema);
  if (found instanceof z.core.$ZodRecord && found._zod.def.keyType instanceof z.core.$ZodEnum) {
    return Object.keys(found._zod.def.keyType._zod.def.entries);
  }
  return found instanceof z.core.$ZodObject ? Object.keys(found._zod.def.shape) : [];
}

/** A schema below what makes it optional or gives it a default; of several, the one that is a mapping. */
function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.core.$ZodUnion) {
    return schema._zod.def.options.find((one) => one instanceof z.core.$ZodObject) ?? schema;
  }
  return schema instanceof z.core.$ZodOptional ||
    schema instanceof z.core.$ZodPrefault ||
    schema instanceof z.core.$ZodDefault
    ? unwrap(schema._zod.def.innerType)
    : schema;
}
