// The requests of test/vectors/protocol, which module and daemon are held to alike.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import * as z from 'zod';

const part = z.union([z.string(), z.object({ repeat: z.string(), times: z.number() })]);
const text = z.union([
  z.string(),
  z.object({ hex: z.string() }),
  z.object({ repeat: z.string(), times: z.number() }),
]);
const vector = z.object({ name: z.string(), bytes: z.array(part) });
const reply = z.object({ outcome: z.string(), code: z.string() });
const file = join(import.meta.dirname, '../vectors/protocol/requests.json');

/** A text of a vector; what has no letters is in hex. */
export type VectorText = z.output<typeof text>;

/** The vectors: what is a request, what is none, and what may become one. */
export const requestVectors = z
  .object({
    valid: z.array(
      vector.extend({
        service: text,
        user: text,
        rhost: text.optional(),
        pid: z.int().optional(),
        database: text.optional(),
        transport: z.string().optional(),
        token: text,
        reply: reply.optional(),
      }),
    ),
    invalid: z.array(vector.extend({ reply })),
    incomplete: z.array(vector),
  })
  .parse(JSON.parse(readFileSync(file, 'utf8')));

/** The bytes of hex, perhaps repeated. */
export function bytesOfPart(given: z.output<typeof part>): Buffer {
  return typeof given === 'string'
    ? Buffer.from(given, 'hex')
    : Buffer.alloc((given.repeat.length / 2) * given.times, given.repeat, 'hex');
}

/** The bytes of a whole vector. */
export function bytesOfVector({ bytes }: z.output<typeof vector>): Buffer {
  return Buffer.concat(bytes.map(bytesOfPart));
}
