// How an explanation looks in a terminal: one line for what passed, a few for what did not, and the decision at the end,
// where the eye is when the screen has stopped.
import type { DecisionRecord } from '../../decide/decision.ts';
import type { TraceStep } from '../../decide/trace.ts';
import { toPrintable } from '../../protocol/format-reply.ts';
import { formatPlan } from './format-plan.ts';
import { formatHBALine } from './plan-hba-line.ts';
import type { ProvisionPlan } from './plan-provision.ts';
import { formatTime } from '../../verify/checks/time-checks.ts';
import type { ListedRole } from './list-roles.ts';
import type { ExplainedSession } from './session-of.ts';

/** A decision with everything that led to it. */
export interface Explanation {
  readonly login: {
    /** Undefined where all roles are asked for. */
    readonly role: string | undefined;
    readonly service: string;
    readonly rhost: string | undefined;
    /** Unix time in seconds. */
    readonly at: number;
    /** Looked for in pg_hba.conf, with `plan`. */
    readonly database?: string;
  };
  readonly decided: DecisionRecord;
  readonly session: ExplainedSession | undefined;
  /** The roles that the token may log in as; undefined where it was asked for one, or is refused before. */
  readonly roles: readonly ListedRole[] | undefined;
  readonly steps: readonly TraceStep[];
  /** What would be done in the database, where that was asked. */
  readonly plan?: ProvisionPlan | undefined;
}

/** Where a token is good, and of no use. */
export const NO_ROLE = 'the role rules permit no role for this token';

/** How wide, and whether with colour. */
export interface Style {
  readonly columns: number;
  readonly colour: boolean;
}

/** Writes an explanation for people. Everything in it is printable ASCII but line breaks and, if asked for, colour. */
export function formatExplanation(explanation: Explanation, style: Style): string {
  const { login, decided, session, roles, plan, steps } = explanation;
  const { decision } = decided;
  const lines = [
    ...wrap(
      `${login.role ?? 'any role'} over ${login.service} from ${login.rhost ?? 'a unix socket'} at ${formatTime(login.at)}`,
      style.columns,
      '  ',
    ),
  ];
  let entry: string | undefined;
  for (const step of steps) {
    if (step.issuer !== entry) {
      entry = step.issuer;
      lines.push('', `entry ${step.issuer ?? ''}`);
    }
    lines.push(...formatStep(step, style));
  }
  lines.push('');
  if (roles !== undefined && roles.length > 0) {
    lines.push(...formatRoles(roles, style));
  } else if (roles !== undefined) {
    lines.push(`${paint('denied', RED, style)} ${NO_ROLE}`);
  } else if (decision.granted) {
    lines.push(
      `${paint('granted', GREEN, style)} by entry ${decision.issuer} as ${toPrintable(decision.role)}`,
      ...(session === undefined ? [] : wrap(formatSession(session), style.columns, '  ')),
    );
    if (plan !== undefined) {
      lines.push(...wrap(formatPlan(login.role ?? '', plan), style.columns, '  '));
      if ('problem' in plan && plan.hint !== undefined) {
        lines.push(...wrap(`HINT: ${plan.hint}`, style.columns, '  '));
      }
      const { role = '', database = '' } = login;
      const met = formatHBALine(plan.hba, { ...login, role, database });
      lines.push(...wrap(`server ${plan.server}: ${met}`, style.columns, '  '));
    }
  } else {
    const { outcome, code, message } = decision;
    const [first = '', ...more] = wrap(`${outcome} ${code} ${message}`, style.columns, '  ');
    lines.push(`${paint(outcome, RED, style)}${first.slice(outcome.length)}`, ...more);
    if (decision.hint !== undefined) {
      lines.push(...wrap(`HINT: ${decision.hint}`, style.columns, '  '));
    }
  }
  return `${lines.join('\n')}\n`;
}

function formatRoles(roles: readonly ListedRole[], style: Style): string[] {
  const names = roles.map(({ role }) => toPrintable(role));
  const width = Math.max(...names.map((name) => name.length));
  return [
    'the token may log in as',
    ...roles.map(({ issuer, rule, barred }, at) => {
      const [verdict, colour] = barred === undefined ? ['  ok  ', GREEN] : ['  FAIL', RED];
      const why = barred === undefined ? '' : `: ${barred}`;
      return `${paint(verdict, colour, style)} ${(names[at] ?? '').padEnd(width)}  entry ${issuer}, roles[${rule}]${why}`;
    }),
  ];
}

function formatSession({ ends, cause, end, renew }: ExplainedSession): string {
  const causes = [
    ...(ends === undefined
      ? []
      : [
          `at ${formatTime(ends)} (${cause})${renew && cause === 'expired' ? ' unless a newer token prolongs it' : ''}`,
        ]),
    ...(end.includes('denied') ? ['as soon as it would no longer be granted'] : []),
    ...(end.includes('revoked') ? ['soon after its pod or service account is gone'] : []),
  ];
  return causes.length === 0
    ? 'the session ends when the client closes it'
    : `the session ends ${causes.join(', or ')}`;
}

const NAME_WIDTH = 14;
const INDENT = ' '.repeat(7 + NAME_WIDTH + 1);

function formatStep({ step, expected, seen, refusal }: TraceStep, style: Style): string[] {
  const name = toPrintable(step);
  // A long name gets a line of its own.
  const fits = name.length <= NAME_WIDTH;
  const [verdict, colour] = refusal === undefined ? ['  ok  ', GREEN] : ['  FAIL', RED];
  const text = refusal === undefined ? seen : `${seen}; expected ${expected}`;
  const [first = '', ...more] = wrap(`${INDENT}${text}`, style.columns, INDENT);
  const head = `${paint(verdict, colour, style)} ${name.padEnd(NAME_WIDTH)} `;
  return fits
    ? [`${head}${first.slice(INDENT.length)}`.trimEnd(), ...more]
    : [head.trimEnd(), first, ...more];
}

/** Breaks a text at spaces, and a word where it has none for a whole line. @param indent of all lines but the first. */
function wrap(text: string, columns: number, indent: string): string[] {
  const lines: string[] = [];
  let rest = toPrintable(text);
  while (rest.length > columns) {
    const start = lines.length === 0 ? rest.search(/[^ ]|$/) : indent.length;
    const space = rest.lastIndexOf(' ', columns);
    const end = space > start ? space : columns;
    lines.push(rest.slice(0, end).trimEnd());
    rest = `${indent}${rest.slice(end).trimStart()}`;
  }
  return [...lines, rest];
}

const GREEN = 32;
const RED = 31;

function paint(text: string, colour: number, style: Style): string {
  return style.colour ? `\u001B[${colour}m${text}\u001B[0m` : text;
}
