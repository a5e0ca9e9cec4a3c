// The vectors of pgtoken migrate: what each line of pam_oidc becomes, and how the old module and the new file decide about the
// same tokens. Where they differ, the vector says why; nothing may differ without a reason, nor have a reason and be alike.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';

import { parseConfig } from '../../src/config/parse-config.ts';
import { formatFinding, formatMigration } from '../../src/migrate/format-migration.ts';
import { translateLine } from '../../src/migrate/translate-line.ts';
import { decideAsPAMOIDC } from '../support/decide-as-pam-oidc.ts';
import { createDecider, type Decider } from './create-decider.ts';

const FOLDER = join(import.meta.dirname, '..', 'vectors', 'migrate');
/** 2026-01-01T00:00:00Z. */
const NOW = 1_767_225_600;

const caseSchema = z.strictObject({
  claims: z.record(z.string(), z.unknown()),
  absent: z.optional(z.array(z.string())),
  user: z.string(),
  pamOIDC: z.enum(['granted', 'denied']),
  pgtoken: z.string().regex(/^(?:granted|denied ERR_[A-Z_]+)$/),
  why: z.optional(z.string()),
});
type Case = z.infer<typeof caseSchema>;
const vectorSchema = z.strictObject({
  name: z.string(),
  line: z.string(),
  status: z.union([z.literal(0), z.literal(1)]),
  stdout: z.array(z.string()),
  stderr: z.array(z.string()),
  cases: z.array(caseSchema),
});

const files = await Promise.all(
  (await readdir(FOLDER))
    .filter((name) => name.endsWith('.json'))
    .map(async (name) => ({
      name,
      vectors: z.array(vectorSchema).parse(JSON.parse(await readFile(join(FOLDER, name), 'utf8'))),
    })),
);
const vectors = files.flatMap((file) => file.vectors);

const stack = new AsyncDisposableStack();
let decider: Decider;

beforeAll(async () => {
  decider = stack.use(await createDecider(NOW));
});

afterAll(async () => {
  await stack.disposeAsync();
});

/** What `pgtoken migrate` writes and says. */
function migrate(line: string) {
  const migration = translateLine(line);
  if (!migration.usable) throw new Error(migration.problems.map(formatFinding).join('\n'));
  return { text: formatMigration(migration), losses: migration.losses.map(formatFinding) };
}

describe.each(files)('$name', ({ vectors: ofFile }) => {
  it.each(ofFile)('$name', ({ line, status, stdout, stderr }) => {
    const { text, losses } = migrate(line);
    expect(text).toBe(`${stdout.join('\n')}\n`);
    expect(losses.map((loss) => `not carried over: ${loss}`)).toEqual(stderr);
    expect(status).toBe(losses.length === 0 ? 0 : 1);
  });

  it('is accepted by config check, unless something it cannot do without is lost', () => {
    for (const { line, status } of ofFile) {
      const { text } = migrate(line);
      const lost = /NO ROLES|NOT CARRIED OVER: issuer/.test(text);
      expect({ line, refused: !parseConfig(text).ok }).toEqual({ line, refused: lost });
      expect(lost && status === 0).toBe(false);
    }
  });
});

const cases = vectors.flatMap((vector) =>
  vector.cases.map((one) => ({ ...vector, ...one, shown: JSON.stringify(one.claims) })),
);

/** The claims of a token for the entry of a line, as the vector changes them. */
function claimsOf(line: string, { claims, absent = [] }: Case): Record<string, unknown> {
  const migration = translateLine(line);
  if (!migration.usable) throw new Error('an unusable line decides nothing');
  const { url, audiences } = migration.entry.issuer;
  const all = { iss: url, aud: audiences, sub: 'somebody', iat: NOW, exp: NOW + 600, ...claims };
  return Object.fromEntries(Object.entries(all).filter(([name]) => !absent.includes(name)));
}

describe('decisions', () => {
  it.each(cases)('pam_oidc: $name: $shown as $user: $pamOIDC', (one) => {
    const refused = decideAsPAMOIDC(one.line, claimsOf(one.line, one), one.user, NOW);
    expect(refused === undefined ? 'granted' : 'denied').toBe(one.pamOIDC);
  });

  it.each(cases)('pgtoken: $name: $shown as $user: $pgtoken', async (one) => {
    const { text } = migrate(one.line);
    const decision = await decider.decide(text, claimsOf(one.line, one), one.user);
    expect(decision).toBe(one.pgtoken);
  });

  it.each(cases)('$name: $shown as $user: a reason for a difference, and only for one', (one) => {
    const differ = one.pamOIDC !== one.pgtoken.split(' ')[0];
    expect({ differ, why: one.why !== undefined }).toEqual({ differ, why: differ });
  });
});

it('the vectors are named once each, and most have cases', () => {
  const names = vectors.map(({ name }) => name);
  expect(names).toEqual([...new Set(names)]);
  expect(cases.length).toBeGreaterThan(100);
  expect(cases.filter(({ why }) => why !== undefined).length).toBeGreaterThan(20);
});
