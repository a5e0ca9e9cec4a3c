// Writes a translated line as a whole issuers.yaml, with everything else that is to be known as comments above it.
import { Document, isCollection, isScalar, isSeq, visit } from 'yaml';
import type { Finding } from './findings.ts';
import type { Migration } from './translate-line.ts';

const WIDTH = 100;

/** Writes the file. It is one that `pgtoken config check` accepts, unless something was lost that it cannot do without. */
export function formatMigration(migration: Extract<Migration, { usable: true }>): string {
  const { entry, losses, notes, pamLines } = migration;
  const roles = entry.roles.length === 0 ? undefined : entry.roles;
  const comments = [
    '# Made by pgtoken migrate from a line of pam_oidc. In the PAM service file, in place of that line',
    '# and of the account line:',
    '#',
    ...pamLines.map((line) => `#   ${line}`),
    '#',
    ...losses.flatMap((loss) => comment(`NOT CARRIED OVER: ${formatFinding(loss)}`)),
    ...(roles === undefined
      ? comment('NO ROLES: nobody may log in by this entry until you have written its roles.')
      : []),
    ...notes.flatMap((note) => comment(`Note: ${formatFinding(note)}`)),
    ...comment(
      'Note: pgtoken refuses more than pam_oidc does; docs/operate/migrate.md has the list',
    ),
  ];
  return `${comments.join('\n')}\n${writeYAML({ ...entry, roles })}`;
}

/** A finding as one sentence or two. */
export function formatFinding({ message, hint }: Finding): string {
  return hint === undefined ? message : `${message}. ${hint}`;
}

/** Short things on one line each, as the documentation writes them. */
const ON_ONE_LINE = ['audiences', 'http', 'cache'];
const ITEMS_ON_ONE_LINE = ['claimValidationRules', 'roles'];
/** Single quotes show that YAML reads no backslashes. */
const IN_QUOTES = ['pattern', 'role'];

function writeYAML(entry: Readonly<Record<string, unknown>>): string {
  const document = new Document({ apiVersion: 'pgtoken/v1', issuers: [entry] });
  visit(document, {
    Pair: (_, { key, value }) => {
      const name = isScalar(key) ? String(key.value) : '';
      if (isCollection(value) && ON_ONE_LINE.includes(name)) {
        value.flow = true;
      }
      if (isScalar(value) && IN_QUOTES.includes(name)) {
        value.type = 'QUOTE_SINGLE';
      }
      for (const item of isSeq(value) && ITEMS_ON_ONE_LINE.includes(name) ? value.items : []) {
        if (isCollection(item)) {
          item.flow = true;
        }
      }
    },
  });
  return document.toString({ lineWidth: 0, indentSeq: false, flowCollectionPadding: false });
}

/** Breaks a text into comment lines; words longer than a line stay whole. */
function comment(text: string): string[] {
  const lines: string[] = [];
  let line = '#';
  for (const word of text.split(' ')) {
    const indent = lines.length === 0 ? ' ' : line === '#' ? '   ' : ' ';
    if (line !== '#' && line.length + indent.length + word.length > WIDTH) {
      lines.push(line);
      line = `#   ${word}`;
    } else {
      line += `${line === '#' ? indent : ' '}${word}`;
    }
  }
  return [...lines, line];
}
