// The tables of the files of the client's side in docs/connect, from the JSON Schemas that `--schema` prints: `npm run docs` writes
// them between their marks, a test compares. Nobody edits them by hand.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { pgpassJSONSchema } from '../../src/client/config/pgpass-json-schema.ts';
import { poolerJSONSchema } from '../../src/client/config/pooler-json-schema.ts';
import { formatRow, isSchema, keysOf } from './configuration-tables.ts';
import { ROOT } from './read-markdown.ts';

/** A page with the table of a file. */
export interface ClientTable {
  readonly page: string;
  readonly schema: () => object;
  /** The list that is told of as such, beside its members. */
  readonly list: string;
}

export const CLIENT_TABLES: readonly ClientTable[] = [
  { page: 'docs/connect/pgpass.md', schema: pgpassJSONSchema, list: 'lines' },
  { page: 'docs/connect/pooler.md', schema: poolerJSONSchema, list: 'tenants' },
];
const TABLE = /(<!-- keys of \w+\.yaml -->\n\n)(?:\|[^\n]*\n)*\n?(<!-- end -->)/;

/** The page with the table that the schema gives; what stands around it stays. */
export function renderClientTable({ schema: makeSchema, list }: ClientTable, page: string): string {
  const schema: unknown = makeSchema();
  if (!isSchema(schema) || !TABLE.test(page))
    throw new Error('no schema, or no place for its table');
  const rows = keysOf(schema, '').filter(({ leaf, path }) => leaf || path === list);
  return page.replace(
    TABLE,
    (_all, start: string, end: string) =>
      `${start}| key | type | default | meaning |\n|---|---|---|---|\n${rows.map(formatRow).join('')}\n${end}`,
  );
}

/** The page as it stands. */
export function readClientPage({ page }: ClientTable): string {
  return readFileSync(join(ROOT, page), 'utf8');
}

if (import.meta.main) {
  for (const table of CLIENT_TABLES) {
    writeFileSync(join(ROOT, table.page), renderClientTable(table, readClientPage(table)));
  }
}
