// What world.ts has prepared, on its way to vitest.config.ts, which is loaded by name: through the environment.
import * as z from 'zod/mini';

import type { Peer } from './part.ts';

const VARIABLE = 'PGTOKEN_WORLD';

const schema = z.strictObject({
  part: z.string(),
  peers: z
    .array(
      z.strictObject({
        what: z.string(),
        version: z.string(),
        origin: z.string(),
        programs: z.record(z.string(), z.string()),
      }),
    )
    .check(z.minLength(1)),
});

export interface Prepared {
  readonly part: string;
  readonly peers: readonly Peer[];
}

export function handOverPeers(prepared: Prepared): void {
  process.env[VARIABLE] = JSON.stringify(prepared);
}

/** Throws when nothing was prepared. */
export function readPeers(): Prepared {
  const text = process.env[VARIABLE];
  if (text === undefined) {
    throw new Error('these tests need programs that are prepared first: npm run test:world');
  }
  return schema.parse(JSON.parse(text));
}
