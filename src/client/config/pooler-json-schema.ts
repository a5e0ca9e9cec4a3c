// The JSON Schema of pooler.yaml (draft 2020-12), for editors and for the table of docs/connect/pooler.md.
import * as z from 'zod/mini';
import { poolerSchema } from './pooler-schema.ts';

/** What stands in the file, before defaults are filled in. */
export function poolerJSONSchema(): object {
  const { $schema, ...schema } = z.toJSONSchema(poolerSchema, { io: 'input' });
  return {
    $schema,
    $id: 'urn:pgtoken:v1:pooler',
    title: 'pooler.yaml of pgtoken',
    description: 'The databases that pgtoken pooler offers, and where their tokens come from.',
    ...schema,
  };
}
