// The JSON Schema of issuers.yaml (draft 2020-12), for editors and for the tables of docs/reference/configuration.md. It knows
// every key and type; rules that tie several keys together only `config check` knows.
import { jsonSchemaOf } from '../../json-schema-of.ts';
import { configurationSchema } from './schema.ts';

/** What stands in the file, before defaults are filled in. */
export function configurationJSONSchema(): object {
  return jsonSchemaOf(configurationSchema, {
    id: 'urn:pgtoken:v1:issuers',
    title: 'issuers.yaml of pgtoken',
    description: 'Whose tokens are accepted as PostgreSQL passwords, and which roles they permit.',
  });
}
