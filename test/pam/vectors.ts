// Reads test/vectors/protocol; the README there says what the fields mean.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const folder = join(import.meta.dirname, '../vectors/protocol');

const repeat = z.strictObject({ repeat: z.hex().length(2), times: z.int().positive() });
const value = z.union([z.string(), z.strictObject({ hex: z.hex() }), repeat]);
const bytes = z.array(z.union([z.hex(), repeat]));
const reply = z.strictObject({ outcome: z.enum(['denied', 'unavailable']), code: z.string() });

const requests = z.strictObject({
  valid: z.array(
    z.strictObject({
      name: z.string(),
      service: value,
      user: value,
      rhost: value.optional(),
      pid: z.int().optional(),
      database: value.optional(),
      transport: z.string().optional(),
      token: value,
      bytes,
    }),
  ),
  invalid: z.array(z.strictObject({ name: z.string(), bytes, reply })),
  incomplete: z.array(z.strictObject({ name: z.string(), bytes })),
});

const replies = z.strictObject({
  replies: z.array(
    z.strictObject({
      name: z.string(),
      bytes,
      outcome: z.enum(['granted', 'denied', 'unavailable', 'garbled']),
      code: z.string().optional(),
      message: z.string().optional(),
    }),
  ),
  version3: z.array(
    z.strictObject({
      name: z.string(),
      bytes,
      outcome: z.enum(['granted', 'denied', 'garbled']),
      subject: z.string().optional(),
      code: z.string().optional(),
      message: z.string().optional(),
    }),
  ),
});

const load = (file: string): unknown => JSON.parse(readFileSync(join(folder, file), 'utf8'));

/** Of the versions that the module speaks. */
export const requestVectors = requests
  .parse(load('requests.json'))
  .valid.filter(({ database }) => database === undefined);
/** What module and validator make of replies, and the validator alone of those of version 3. */
export const { replies: replyVectors, version3: validatorReplyVectors } = replies.parse(
  load('replies.json'),
);

/** The bytes of one value. */
export function valueOf(text: z.output<typeof value>): Buffer {
  if (typeof text === 'string') return Buffer.from(text);
  if ('hex' in text) return Buffer.from(text.hex, 'hex');
  return Buffer.alloc(text.times, text.repeat, 'hex');
}

/** The bytes on the socket. */
export function bytesOf(parts: z.output<typeof bytes>): Buffer {
  return Buffer.concat(
    parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'hex') : valueOf(part))),
  );
}
