// The tables of docs/reference/configuration.md, from the JSON Schema that `pgtoken config schema` prints: `npm run docs` writes them
// between their marks, a test compares. Nobody edits them by hand.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { configurationJSONSchema } from '../../src/config/schema/json-schema.ts';
import { isJSONObject } from '../../src/parse-json-object.ts';
import { ROOT } from './read-markdown.ts';

/** A part of the JSON Schema that a key path can lead through. */
export interface Schema {
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
}

/** One key of the file. */
export interface Key {
  readonly path: string;
  readonly schema: Schema;
  readonly required: boolean;
  /** Whether it holds a value of its own; groups have sections instead of rows. */
  readonly leaf: boolean;
}

const PAGE = join(ROOT, 'docs/reference/configuration.md');
const TABLE = /(<!-- keys of (\S+) -->\n\n)(?:\|[^\n]*\n)*\n?(<!-- end -->)/g;

/** Every key of the file by its path, as in `issuers[].issuer.url`. The list of issuers itself counts as a value. */
export function listKeys(): readonly Key[] {
  const schema: unknown = configurationJSONSchema();
  if (!isSchema(schema)) throw new Error('the JSON Schema is no object');
  return keysOf(schema, '');
}

/** The page with the tables that the schema gives; what stands around them stays. */
export function renderTables(page: string): string {
  const keys = listKeys();
  return page.replaceAll(TABLE, (_all, start: string, group: string, end: string) => {
    const rows = keys.filter((key) => key.leaf && groupOf(key.path) === group).map(formatRow);
    if (rows.length === 0) throw new Error(`there are no keys of ${group}`);
    return `${start}| key | type | default | meaning |\n|---|---|---|---|\n${rows.join('')}\n${end}`;
  });
}

/** The page as it stands. */
export function readConfigurationPage(): string {
  return readFileSync(PAGE, 'utf8');
}

/** Whether a value can be a JSON Schema. */
export function isSchema(value: unknown): value is Schema {
  return isJSONObject(value);
}

/** The keys of a JSON Schema, below a path. */
export function keysOf(schema: Schema, above: string): Key[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, member]) => {
    const path = above === '' ? name : `${above}.${name}`;
    const inner = member.items?.properties === undefined ? member : member.items;
    const leaf = inner.properties === undefined || path === 'issuers';
    const below = inner === member ? path : `${path}[]`;
    const required = schema.required?.includes(name) === true;
    return [{ path, schema: member, required, leaf }, ...keysOf(inner, below)];
  });
}

/** The heading under which a key has its row: the group it is in, or the file and its entries as such. */
function groupOf(path: string): string {
  const group = path.replace(/\.?[^.]+$/, '');
  return group === '' || group === 'issuers[]' ? 'the-file' : group.replace(/\[\]$/, '');
}

/** The row of a key. */
export function formatRow({ path, schema, required }: Key): string {
  const initial = required ? 'required' : formatDefault(schema.default);
  const cells = [`\`${path}\``, describeType(schema), initial, schema.description ?? ''];
  return `| ${cells.map((cell) => cell.replaceAll('|', String.raw`\|`)).join(' | ')} |\n`;
}

function describeType(schema: Schema): string {
  if (schema.title !== undefined) return schema.title;
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const).replaceAll('"', '')}\``;
  if (schema.enum !== undefined)
    return schema.enum.map((value) => `\`${String(value)}\``).join(' or ');
  throw new Error(`a key has no title: ${JSON.stringify(schema)}`);
}

/** As it would be written in YAML, on one line. */
function formatDefault(value: unknown): string {
  if (value === undefined) return 'none';
  if (!Array.isArray(value)) return `\`${JSON.stringify(value).replaceAll('"', '')}\``;
  const items: readonly unknown[] = value;
  const texts = items.map((item) =>
    /^[\w+]+$/.test(String(item)) ? String(item) : JSON.stringify(item),
  );
  return `\`[${texts.join(', ')}]\``;
}

if (import.meta.main) {
  writeFileSync(PAGE, renderTables(readConfigurationPage()));
}
