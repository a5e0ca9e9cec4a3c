// `pgtoken pgpass --schema`: what editors need to complete and check pgpass.yaml.
import { pgpassJSONSchema } from '../../client/config/pgpass-json-schema.ts';
import { formatJSON } from '../output/format-json.ts';

/** Prints the JSON Schema of pgpass.yaml to standard output. */
export function printPgpassSchema(): void {
  process.stdout.write(formatJSON(pgpassJSONSchema()));
}
