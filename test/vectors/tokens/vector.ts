// What a token vector is, and how to read the files of this folder. README.md of the folder above explains them.
import { glob, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import * as z from 'zod/mini';

import { ERROR_CODES } from '../../../src/errors.ts';

export const expected = z.union([
  z.strictObject({
    granted: z.literal(true),
    /** The name of the entry that grants. */
    issuer: z.string(),
  }),
  z.strictObject({
    code: z.custom<keyof typeof ERROR_CODES>((code: PropertyKey) =>
      Object.hasOwn(ERROR_CODES, code),
    ),
    message: z.string(),
    /** Where the advice matters too. */
    hint: z.optional(z.string()),
  }),
]);

/** A token vector: what is sent, and what must become of it. */
export const vector = z.strictObject({
  /** A sentence: what is right or wrong, and so what must become of it. */
  name: z.string(),
  /** Decides: `policies/<policy>.yaml`, an issuers.yaml, with the key sets beside it. */
  policy: z.string(),
  /** The clock, Unix time in seconds. */
  now: z.number(),
  request: z.strictObject({
    role: z.string(),
    service: z.string(),
    /** Left out for a unix socket. */
    source: z.exactOptional(z.string()),
  }),
  /** What the client sends; each character is one byte. */
  password: z.string(),
  expected,
});

export type Vector = z.output<typeof vector>;
export type Expected = z.output<typeof expected>;

/** A file of vectors. */
export interface VectorFile {
  /** Its name without `.json`. */
  readonly name: string;
  readonly vectors: readonly Vector[];
}

export const POLICY_FOLDER = join(import.meta.dirname, 'policies');

/** Reads every vector file, in the order of their names. */
export async function loadVectorFiles(): Promise<readonly VectorFile[]> {
  const files: VectorFile[] = [];
  for await (const file of glob('*.json', { cwd: import.meta.dirname })) {
    const text = await readFile(join(import.meta.dirname, file), 'utf8');
    files.push({ name: basename(file, '.json'), vectors: z.array(vector).parse(JSON.parse(text)) });
  }
  return files.toSorted((a, b) => a.name.localeCompare(b.name));
}
