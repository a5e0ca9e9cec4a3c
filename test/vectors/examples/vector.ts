// What the vectors of an example are, and how to read the files of this folder. README.md of the folder above explains them.
import { glob, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import * as z from 'zod/mini';

import { expected } from '../tokens/vector.ts';

const vector = z.strictObject({
  /** A sentence: what is right or wrong, and so what must become of it. */
  name: z.string(),
  request: z.strictObject({ role: z.string(), service: z.string(), source: z.string() }),
  /** What the client sends. */
  token: z.string(),
  expected,
});

const exampleVectors = z.strictObject({
  /** The clock, Unix time in seconds. */
  now: z.number(),
  /** What the issuer publishes (a JWKS, or a SPIFFE bundle), by the name of the entry that it is for. */
  published: z.record(z.string(), z.looseObject({ keys: z.array(z.unknown()) })),
  vectors: z.array(vector),
});

export type ExampleVector = z.output<typeof vector>;
export type ExampleVectors = z.output<typeof exampleVectors>;

/** Reads the vectors of every example, by its name, in the order of the names. */
export async function loadExampleVectors(): Promise<ReadonlyMap<string, ExampleVectors>> {
  const files: (readonly [string, ExampleVectors])[] = [];
  for await (const file of glob('*.json', { cwd: import.meta.dirname })) {
    const text = await readFile(join(import.meta.dirname, file), 'utf8');
    files.push([basename(file, '.json'), exampleVectors.parse(JSON.parse(text))]);
  }
  return new Map(files.toSorted(([a], [b]) => a.localeCompare(b)));
}
