// A plan for a person: what is there, what would be written, and what is left to do by hand. Foreign text is quoted where it comes
// from.
import { formatMessage } from '../../config/problems.ts';
import { isToBeWritten, type PlannedFile } from '../../init/plan/plan-files.ts';
import type { Plan } from '../../init/plan/plan.ts';
import { toPrintable } from '../../protocol/format-reply.ts';
import { wrap } from '../output/wrap.ts';
import { titleOf } from './gather.ts';

const STATES = {
  missing: ['write', ''],
  'as shipped': ['write', "in place of the package's, which trusts nobody"],
  same: ['keep', 'has all of it already'],
  other: ['keep', 'is another; see below what is not in it'],
} as const satisfies Record<PlannedFile['state'], readonly [string, string]>;

const INDENT = 11;

/** @param told what was found out beforehand. */
export function formatPlan(plan: Plan, told: readonly string[]): string {
  const lines: (readonly [what: string, text: string])[] = [
    ...told.map((line) => ['found', line] as const),
    ...plan.issuers.map((line) => ['issuer', line] as const),
    ...plan.files.map(({ path, state }) => {
      const [what, why] = STATES[state];
      return [what, `${path}${why === '' ? '' : `: ${why}`}`] as const;
    }),
    ...plan.warnings.map((warning) => ['warning', formatMessage(warning)] as const),
    ...plan.notes.map((note) => ['warning', note] as const),
  ];
  const title = wrap(`Kind ${plan.kind.name}. ${titleOf(plan.kind)}`, 0);
  const formatted = lines.map(
    ([what, text]) => `  ${what.padEnd(INDENT - 2)}${wrap(toPrintable(text), INDENT)}\n`,
  );
  return `${title}\n\n${formatted.join('')}`;
}

/** The texts of files. */
export function formatFiles(files: readonly PlannedFile[]): string {
  return files.map(({ path, text }) => `--- ${path}\n${text.trimEnd()}\n`).join('\n');
}

/** Files that are there and would have had something else in them. */
export function othersOf({ files }: Plan): readonly PlannedFile[] {
  return files.filter(({ state }) => state === 'other');
}

/** Files that are to be written. */
export function missingOf({ files }: Plan): readonly PlannedFile[] {
  return files.filter(isToBeWritten);
}
