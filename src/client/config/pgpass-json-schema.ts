// The JSON Schema of pgpass.yaml (draft 2020-12), for editors and for the table of docs/connect/pgpass.md.
import { jsonSchemaOf } from '../../json-schema-of.ts';
import { pgpassSchema } from './pgpass-schema.ts';

/** What stands in the file, before defaults are filled in. */
export function pgpassJSONSchema(): object {
  return jsonSchemaOf(pgpassSchema, {
    id: 'urn:pgtoken:v1:pgpass',
    title: 'pgpass.yaml of pgtoken',
    description:
      'The lines that pgtoken pgpass keeps in a .pgpass, and where their tokens come from.',
  });
}
