// A JSON patch (RFC 6902), as far as the recipes use it: values that are added. Anything else is an error.
import * as z from 'zod';

const operations = z.array(
  z.strictObject({ op: z.literal('add'), path: z.string().startsWith('/'), value: z.json() }),
);

/** Applies the patch to a copy. Throws where the place of an addition is not there. */
export function applyJSONPatch(document: unknown, patch: unknown): unknown {
  const patched: unknown = structuredClone(document);
  for (const { path, value } of operations.parse(patch)) {
    const steps = path
      .slice(1)
      .split('/')
      .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
    const last = steps.pop() ?? '';
    const place = steps.reduce(memberOf, patched);
    if (Array.isArray(place)) {
      const at = last === '-' ? place.length : Number(last);
      if (!(at >= 0 && at <= place.length)) throw new Error(`${path}: no such place`);
      place.splice(at, 0, value);
    } else if (isRecord(place)) {
      place[last] = value;
    } else {
      throw new Error(`${path}: no such place`);
    }
  }
  return patched;
}

function memberOf(place: unknown, step: string): unknown {
  if (Array.isArray(place)) {
    const list: unknown[] = place;
    return list[Number(step)];
  }
  return isRecord(place) ? place[step] : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
