// `pgtoken config schema`: what editors need to complete and check issuers.yaml.
import { configurationJSONSchema } from '../../config/schema/json-schema.ts';
import { formatJSON } from '../output/format-json.ts';

/** Prints the JSON Schema of issuers.yaml to standard output. */
export function printConfigSchema(): void {
  process.stdout.write(formatJSON(configurationJSONSchema()));
}
