// A plan for a person: what is there, what would be written, and what is left to do by hand. Foreign text is quoted where it comes
// from.
import { formatMessage } from '../../config/problems.ts';
import { quoteIdentifier } from '../../doctor/roles/quote-identifier.ts';
import { isToBeWritten, type PlannedFile } from '../../init/plan/plan-files.ts';
import type { HBAPlace } from '../../init/plan/plan-hba.ts';
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

/** What a person does afterwards, as commands to copy. */
export function formatSteps(plan: Plan): string {
  const steps = [
    ...plan.secrets.map(
      (file) =>
        `Put the token that asks for the keys into ${file} beside issuers.yaml, for user pgtoken alone (install -o pgtoken -m 0600).`,
    ),
    formatRoles(plan),
    ...formatPlaces(plan),
  ];
  return `To do by hand:\n${steps.map((step, index) => `\n${formatStep(step, index + 1)}\n`).join('')}`;
}

/** Its first paragraph is for reading, the others are to be copied. */
function formatStep(step: string, number: number): string {
  const [text = '', ...commands] = step.split('\n\n');
  return [`${number}. ${wrap(text, 3)}`, ...commands].join('\n\n');
}

const PSQL = 'runuser -u postgres -- psql';

function formatRoles({ roles, hasOtherRoles, provision }: Plan): string {
  if (provision) {
    return `Let pgtoken make roles at login; have a DBA read what this does:\n\n  pgtoken database sql | ${PSQL}`;
  }
  const commands = roles.map(
    (role) => `  ${PSQL} -c ${shellQuote(`CREATE ROLE ${quoteIdentifier(role)} LOGIN`)}`,
  );
  const others = hasOtherRoles
    ? `${roles.length === 0 ? 'Make each role that is to log in' : 'Make the roles, and each other that is to log in'} (or have pgtoken do it: --provision):`
    : 'Make the roles that are not there yet:';
  const example = `  ${PSQL} -c 'CREATE ROLE "NAME" LOGIN'`;
  return `${others}\n\n${(commands.length === 0 ? [example] : commands).join('\n')}`;
}

function formatPlaces({ hbaLine, hbaPlaces, service }: Plan): string[] {
  const reload = `  ${PSQL} -c 'SELECT pg_reload_conf()'`;
  if (hbaPlaces.length === 0) {
    return [
      `Write this line into pg_hba.conf, above broader ones, and have it read:\n\n  ${hbaLine}\n\n${reload}`,
    ];
  }
  return hbaPlaces.map((place) =>
    place.has
      ? `${place.file} has a line for ${service} already. If it was written after the server has started, have it read:\n\n${reload}`
      : `${describePlace(place)}\n\n${insert(place, hbaLine)}\n${reload}`,
  );
}

function describePlace({ file, above }: HBAPlace): string {
  return above === undefined
    ? `Write this line at the end of ${file}, and have it read:`
    : `Write this line above line ${above} of ${file}, which would take its logins, and have it read:`;
}

function insert({ file, above }: HBAPlace, line: string): string {
  return above === undefined
    ? `  echo ${shellQuote(line)} >>${file}`
    : `  sed -i ${shellQuote(`${above}i ${line}`)} ${file}`;
}

function shellQuote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
