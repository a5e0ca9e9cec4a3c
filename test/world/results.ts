// What came of the last recorded run of each part, in results/PART.json, from which docs/understand/compatibility.md is made.
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import * as z from 'zod/mini';

const FOLDER = join(import.meta.dirname, 'results');

const peerResult = z.strictObject({
  what: z.string(),
  version: z.string(),
  origin: z.string(),
  /** Tests that passed. */
  passed: z.number(),
  /** What failed, in the words of the tests. */
  failed: z.array(z.string()),
});

const partResult = z.strictObject({
  /** The version of pgtoken. */
  pgtoken: z.string(),
  /** The day of the run, as YYYY-MM-DD. */
  date: z.string().check(z.regex(/^\d{4}-\d{2}-\d{2}$/)),
  peers: z.array(peerResult).check(z.minLength(1)),
  /** What the tests show, by the name of their file. */
  shown: z.record(z.string(), z.array(z.string())),
});

export type PeerResult = z.output<typeof peerResult>;
export type PartResult = z.output<typeof partResult>;

/** @returns undefined when the part was never recorded. Throws when the file has another form. */
export function readResult(part: string): PartResult | undefined {
  let text: string;
  try {
    text = readFileSync(join(FOLDER, `${part}.json`), 'utf8');
  } catch {
    return undefined;
  }
  return partResult.parse(JSON.parse(text));
}

export async function writeResult(part: string, result: PartResult): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  await writeFile(join(FOLDER, `${part}.json`), `${JSON.stringify(result, undefined, 2)}\n`);
}
