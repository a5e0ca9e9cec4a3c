// What `pgtoken doctor` has found, as lines of at most 80 columns for a person.
import { type Finding, type Level, type Topic, TOPICS } from '../../doctor/finding.ts';
import { toPrintable } from '../../protocol/format-reply.ts';
import { wrap } from '../output/wrap.ts';

/** Gives a level its colour. */
export type Paint = (level: Level, text: string) => string;

const LEVEL_WIDTH = 9;
const INDENT = ' '.repeat(2 + LEVEL_WIDTH);
const COLOURS: Readonly<Record<Level, number>> = { ok: 32, note: 36, warning: 33, failure: 31 };
/** What is bad comes last, where a person who runs it is looking. */
const BLOCKS: readonly (readonly Level[])[] = [['ok', 'note'], ['warning'], ['failure']];
const TITLES: Readonly<Record<Topic, string>> = {
  config: 'configuration',
  issuer: 'issuers',
  clock: 'clock',
  keys: 'cached keys',
  service: 'PAM service',
  module: 'PAM module',
  socket: 'socket',
  daemon: 'daemon',
  hba: 'pg_hba.conf',
  server: 'PostgreSQL',
  database: 'database',
  role: 'roles',
  pgbouncer: 'PgBouncer',
};

/** No colour. */
export const plain: Paint = (_level, text) => text;
/** For terminals. */
export const colourful: Paint = (level, text) => `\u{1b}[${COLOURS[level]}m${text}\u{1b}[0m`;

/**
 * @returns lines, each ended: first what is in order, then warnings, then failures, each block by topic and within that in the
 * order given.
 */
export function formatFindings(findings: readonly Finding[], paint: Paint): string {
  return BLOCKS.map((levels) => findings.filter(({ level }) => levels.includes(level)))
    .filter((block) => block.length > 0)
    .map((block) => formatBlock(block, paint))
    .join('\n');
}

function formatBlock(findings: readonly Finding[], paint: Paint): string {
  return TOPICS.flatMap((topic) => {
    const own = findings.filter((finding) => finding.topic === topic);
    return own.length === 0
      ? []
      : [TITLES[topic], ...own.flatMap((finding) => formatFinding(finding, paint))];
  })
    .map((line) => `${line}\n`)
    .join('');
}

function formatFinding({ level, subject, message, hint }: Finding, paint: Paint): string[] {
  const [first = '', ...rest] = wrapped(toPrintable(`${subject}: ${message}`));
  return [
    `  ${paint(level, level)}${' '.repeat(LEVEL_WIDTH - level.length)}${first}`,
    ...[...rest, ...(hint === undefined ? [] : formatHint(hint))].map((line) => `${INDENT}${line}`),
  ];
}

/** What is to be copied stays as it is. */
function formatHint(hint: string): string[] {
  return `HINT: ${hint}`
    .split('\n')
    .flatMap((line) => (line.startsWith('  ') ? [toPrintable(line)] : wrapped(toPrintable(line))));
}

function wrapped(text: string): string[] {
  return wrap(text, INDENT.length).split(`\n${INDENT}`);
}
