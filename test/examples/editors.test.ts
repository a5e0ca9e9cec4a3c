// What editors find in the files of ours that are shipped: the line that names a schema, which the package has.
import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';

import { pgpassJSONSchema } from '../../src/client/config/pgpass-json-schema.ts';
import { poolerJSONSchema } from '../../src/client/config/pooler-json-schema.ts';
import { configurationJSONSchema } from '../../src/config/schema/json-schema.ts';

const ROOT = join(import.meta.dirname, '../..');
const files: string[] = [];
for await (const path of glob('packaging/**/*.yaml', { cwd: ROOT })) {
  const text = await readFile(join(ROOT, path), 'utf8');
  // Manifests have theirs inside, where no editor looks for it.
  if (/^apiVersion: pgtoken\/v1$/m.test(text)) files.push(path);
}

describe('an editor', () => {
  it.each(files.toSorted())('is told in %s by which schema to complete it', async (path) => {
    const text = await readFile(join(ROOT, path), 'utf8');
    const kind = path.endsWith('pooler.yaml') ? 'pooler' : 'issuers';
    expect(text).toMatch(
      new RegExp(
        `^# yaml-language-server: \\$schema=/usr/share/pgtoken/schema/${kind}\\.schema\\.json\\napiVersion: pgtoken/v1$`,
        'm',
      ),
    );
  });

  it('is told so by all that are shipped', () => {
    expect(files.length).toBeGreaterThan(20);
  });

  it.each([
    ['issuers', configurationJSONSchema()],
    ['pgpass', pgpassJSONSchema()],
    ['pooler', poolerJSONSchema()],
  ])('knows the schema of %s by a name of its own', (kind, schema) => {
    expect(schema).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $id: `urn:pgtoken:v1:${kind}`,
    });
    const { properties } = z.looseObject({ properties: z.looseObject({}) }).parse(schema);
    expect(properties).toHaveProperty('apiVersion');
  });
});
