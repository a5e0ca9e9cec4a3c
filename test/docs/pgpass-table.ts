// The table of docs/connect/pgpass.md, from the JSON Schema that `pgtoken pgpass --schema` prints: `npm run docs` writes it between
// its marks, a test compares. Nobody edits it by hand.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { pgpassJSONSchema } from '../../src/client/config/pgpass-json-schema.ts';
import { formatRow, isSchema, keysOf } from './configuration-tables.ts';
import { ROOT } from './read-markdown.ts';

const PAGE = join(ROOT, 'docs/connect/pgpass.md');
const TABLE = /(<!-- keys of pgpass\.yaml -->\n\n)(?:\|[^\n]*\n)*\n?(<!-- end -->)/;

/** The page with the table that the schema gives; what stands around it stays. */
export function renderPgpassTable(page: string): string {
  const schema: unknown = pgpassJSONSchema();
  if (!isSchema(schema) || !TABLE.test(page))
    throw new Error('no schema, or no place for its table');
  const rows = keysOf(schema, '').filter(({ leaf, path }) => leaf || path === 'lines');
  return page.replace(
    TABLE,
    (_all, start: string, end: string) =>
      `${start}| key | type | default | meaning |\n|---|---|---|---|\n${rows.map(formatRow).join('')}\n${end}`,
  );
}

/** The page as it stands. */
export function readPgpassPage(): string {
  return readFileSync(PAGE, 'utf8');
}

if (import.meta.main) {
  writeFileSync(PAGE, renderPgpassTable(readPgpassPage()));
}
