// `pgtoken pooler --schema`: what editors need to complete and check pooler.yaml.
import { poolerJSONSchema } from '../../client/config/pooler-json-schema.ts';
import { formatJSON } from '../output/format-json.ts';

/** Prints the JSON Schema of pooler.yaml to standard output. */
export function printPoolerSchema(): void {
  process.stdout.write(formatJSON(poolerJSONSchema()));
}
