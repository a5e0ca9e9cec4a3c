// Holds docs/operate/migrate.md to what `pgtoken migrate` does.
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { formatMigration } from '../../src/migrate/format-migration.ts';
import { translateLine } from '../../src/migrate/translate-line.ts';
import { translateTemplate } from '../../src/migrate/translate-template.ts';
import { codeSpans, parsePage, readPage, rowsOf } from './read-markdown.ts';

const page = readPage('docs/operate/migrate.md');

it('the example is what the command writes', () => {
  const [command] = page.blocks.filter(({ language }) => language === 'sh');
  const [, line = ''] = /^pgtoken migrate '(.*)'$/m.exec(command?.text ?? '') ?? [];
  const migration = translateLine(line);
  if (!migration.usable) throw new Error('the line of the example cannot be used');
  expect(migration.losses).toEqual([]);
  const [file] = page.blocks.filter(({ language }) => language === 'yaml');
  expect(file?.text).toBe(formatMigration(migration));
});

it('every option of pam_oidc has a row, and no other', () => {
  const wrong = translateLine('auth required pam_oidc.so unknown=1');
  const [problem] = wrong.usable ? [] : wrong.problems;
  const [, names = ''] = /its options are (.*)$/.exec(problem?.message ?? '') ?? [];
  const rows = rowsOf(page.sections.get('Options')).flatMap(([option]) => codeSpans(option));
  expect(rows.length).toBeGreaterThan(5);
  expect(rows.toSorted()).toEqual(names.split(', ').toSorted());
});

describe('a template of the table becomes its rule:', () => {
  // In a table "|" is written "\|".
  const section = (page.sections.get('Templates') ?? '').replaceAll('\\|', '\u{1}');
  const rows = parsePage(section).rows.map(([template = '', rule = '']) => [
    codeSpans(template)[0]?.replaceAll('\u{1}', '|') ?? '',
    codeSpans(rule)[0] ?? '',
  ]);

  it('there is a table', () => {
    expect(rows.length).toBeGreaterThan(5);
  });

  it.each(rows)('%s', (template, rule) => {
    const losses: string[] = [];
    const translated = translateTemplate(
      template ?? '',
      (loss) => losses.push(loss),
      () => undefined,
    );
    expect(losses).toEqual([]);
    expect(translated).toEqual(parse(rule ?? ''));
  });
});
