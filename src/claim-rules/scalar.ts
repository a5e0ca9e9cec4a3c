// A value that a claim is compared with as it is, type and all.
import type { SchemaTools } from './claim-rule-kind.ts';

/** What such a value may be; a number is a whole one that JSON holds exactly. */
export type Scalar = string | number | boolean;

/** The schema of one. */
export const scalar = ({ z, values }: SchemaTools) =>
  z.union(
    [values.text('A value'), z.int('must be a whole number that JSON holds exactly'), z.boolean()],
    { error: 'expected text, a whole number, true or false' },
  );
