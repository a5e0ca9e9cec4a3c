// The role rules of an example: which of them stay, and those that take the place of its own. A rule of an example is one line,
// with what is said of it in the lines above.
import { type Answers, parseGrant } from '../answers.ts';
import type { GrantParameter, Kind } from '../kind.ts';
import { encodeText } from './encode-text.ts';

const RULE = /^ {2}- \{?claim: /;

/** Takes out the rules that nobody wants, and marks where those of grants go. */
export function chooseRules(kind: Kind, text: string, answers: Answers): string {
  const kept: string[] = [];
  let inRoles = false;
  for (const line of text.split('\n')) {
    inRoles = /^ {2}roles:/.test(line) || (inRoles && /^ {2}(?:[-#]|$)/.test(line));
    const grant = inRoles ? kind.parameters.find((one) => isGrantOf(one, line)) : undefined;
    if (grant !== undefined) {
      const mark = markOf(grant.name);
      if (!kept.includes(mark)) {
        kept.push(mark);
      }
    } else if (inRoles && isUnwanted(kind, line, answers)) {
      while (/^ {2}#/.test(kept.at(-1) ?? '') && !isMark(kept.at(-1) ?? '')) {
        kept.pop();
      }
    } else {
      kept.push(line);
    }
  }
  return kept.join('\n');
}

/** Writes the rules of grants where they were marked; those that have none in the example stand last. */
export function insertGrants(kind: Kind, text: string, answers: Answers): string {
  let filled = text;
  for (const parameter of kind.parameters) {
    if (parameter.kind === 'grant') {
      const rules = (answers.get(parameter.name) ?? []).map((answer) =>
        formatRule(parameter, answer, answers),
      );
      filled = filled.replace(`${markOf(parameter.name)}\n`, () => rules.join(''));
    }
  }
  return filled;
}

/** How many role rules an entry has. */
export function countRules(entry: string): number {
  const [, roles = ''] = entry.split(/^ {2}roles:\n/m);
  const [own = ''] = roles.split(/^ {2}[a-z]/m);
  return own.split('\n').filter((line) => RULE.test(line)).length;
}

function isGrantOf(
  parameter: Kind['parameters'][number],
  line: string,
): parameter is GrantParameter {
  if (parameter.kind !== 'grant') {
    return false;
  }
  const [before = '', after] = parameter.claim.split('WHO');
  return (
    line.startsWith(`  - {claim: ${before}`) &&
    line.includes(`${after ?? ''}, ${parameter.matches ?? 'equals: '}`)
  );
}

function isUnwanted({ parameters }: Kind, line: string, answers: Answers): boolean {
  return (
    RULE.test(line) &&
    parameters.some((one) => {
      if (one.kind === 'switch') {
        const [choice = one.default] = answers.get(one.name) ?? [];
        return choice === 'no' && line.includes(one.rule);
      }
      return (
        one.kind === 'value' &&
        one.without === 'no rule' &&
        !answers.has(one.name) &&
        line.includes(one.replaces)
      );
    })
  );
}

/** A comment, so that what is marked can be read as YAML all the while. */
function markOf(name: string): string {
  return `  # @${name}`;
}

function isMark(line: string): boolean {
  return line.startsWith('  # @');
}

function formatRule(parameter: GrantParameter, answer: string, answers: Answers): string {
  const { who, roles } = parseGrant(answer);
  const matches = parameter.matches ?? `equals: ${encodeText(who, 'PLAIN')}`;
  const list = roles.map((role) => encodeText(role, 'PLAIN'));
  const role = list.length === 1 ? list[0] : `[${list.join(', ')}]`;
  return `  - {claim: ${claimOf(parameter, who, answers)}, ${matches}, role: ${role}}\n`;
}

/** What else of the claim is somebody's own is in the answers already. */
function claimOf({ claim }: GrantParameter, who: string, answers: Answers): string {
  const [organization] = answers.get('organization') ?? [];
  const named = claim.replace('WHO', () => who.replaceAll('~', '~0').replaceAll('/', '~1'));
  return organization === undefined ? named : named.replace(/(?<=\/)[0-9]+$/, () => organization);
}
