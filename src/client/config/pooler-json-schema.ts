// The JSON Schema of pooler.yaml (draft 2020-12), for editors and for the table of docs/connect/pooler.md.
import { jsonSchemaOf } from '../../json-schema-of.ts';
import { poolerSchema } from './pooler-schema.ts';

/** What stands in the file, before defaults are filled in. */
export function poolerJSONSchema(): object {
  return jsonSchemaOf(poolerSchema, {
    id: 'urn:pgtoken:v1:pooler',
    title: 'pooler.yaml of pgtoken',
    description: 'The databases that pgtoken pooler offers, and where their tokens come from.',
  });
}
