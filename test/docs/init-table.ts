// The table of docs/start/init.md that says what each kind of issuer asks for. Run by npm run docs, which writes it.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { findMissing } from '../../src/init/answers.ts';
import { type Kind, type Parameter } from '../../src/init/kind.ts';
import { fillExample } from '../../src/init/fill/fill-example.ts';
import { KINDS } from '../../src/init/kinds.ts';
import { pathOfExample, readShippedText } from '../../src/init/shipped-texts.ts';
import { ROOT } from './read-markdown.ts';

export const INIT_PAGE = 'docs/start/init.md';
const START = '<!-- kinds -->\n';

/** The page with its table as the kinds are now. */
export function renderInitPage(page: string): string {
  const [before, after] = page.split(START);
  if (before === undefined || after === undefined) throw new Error(`${INIT_PAGE} has no ${START}`);
  const rest = after.split('\n').findIndex((line) => !line.startsWith('|'));
  const table = [
    '| kind | must be given | may be given |',
    '|---|---|---|',
    ...KINDS.map((kind) => renderRow(kind)),
  ];
  const tail = after.split('\n').slice(rest);
  return `${before}${START}${table.join('\n')}\n${tail.join('\n')}`;
}

function renderRow(kind: Kind): string {
  const missing = new Set(findMissing(kind, new Map()));
  const must = kind.parameters.filter((one) => missing.has(one));
  const may = kind.parameters.filter((one) => !missing.has(one));
  const rules = needsRule(kind) ? kind.parameters.filter(givesRule) : [];
  const first = rules.length > 1 ? 'at least one of ' : '';
  const shown = [
    ...must.map(renderParameter),
    ...(rules.length === 0
      ? []
      : [`${first}${rules.map((one) => `\`${nameOf(one)}\``).join(', ')}`]),
  ];
  const others = may.filter((one) => !rules.includes(one));
  return `| \`${kind.name}\` | ${shown.join(', ')} | ${others.map(renderParameter).join(', ')} |`;
}

/** Whether an entry has no role rule by what must be given alone. */
function needsRule(kind: Kind): boolean {
  const answers = new Map(
    kind.parameters.flatMap((one) =>
      one.kind === 'choice' ? [[one.name, Object.keys(one.entries).slice(0, 1)] as const] : [],
    ),
  );
  const filled = fillExample(kind, readShippedText(pathOfExample(kind.name)), answers, {
    name: undefined,
    service: undefined,
    certificateAuthorityFile: undefined,
    provision: false,
  });
  return typeof filled !== 'string';
}

function givesRule(one: Parameter): boolean {
  return (
    one.kind === 'grant' ||
    one.kind === 'switch' ||
    (one.kind === 'value' && one.without === 'no rule')
  );
}

function nameOf({ kind, name }: Parameter): string {
  return kind === 'grant' ? `${name}=WHO=ROLE` : kind === 'switch' ? `${name}=yes` : name;
}

function renderParameter(parameter: Parameter): string {
  const { name, kind } = parameter;
  switch (kind) {
    case 'grant':
      return `\`${name}=WHO=ROLE\``;
    case 'choice':
      return `\`${name}\` (${Object.keys(parameter.entries)
        .map((one) => `\`${one}\``)
        .join(' or ')})`;
    case 'switch':
      return `\`${name}\` (\`${parameter.default}\`)`;
    case 'value':
      return parameter.default === undefined
        ? `\`${name}\``
        : `\`${name}\` (\`${parameter.default}\`)`;
    case 'list':
    case 'file':
      return `\`${name}\``;
  }
}

if (import.meta.main) {
  const path = join(ROOT, INIT_PAGE);
  writeFileSync(path, renderInitPage(readFileSync(path, 'utf8')));
}
