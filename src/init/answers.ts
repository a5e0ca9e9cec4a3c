// What was said about the places of an example: each answer checked by its form, and what is still missing.
import { quote } from '../quote.ts';
import { ROLE_FORM, type Form } from './forms.ts';
import type { InitProblem } from './init-problem.ts';
import type { GrantParameter, Kind, Parameter } from './kind.ts';

/** Answers by the name of the parameter; several for lists and grants. */
export type Answers = ReadonlyMap<string, readonly string[]>;

/** Who may be which roles. */
export interface Grant {
  readonly who: string;
  readonly roles: readonly string[];
}

/** The options that have a name of their own beside --set. */
const OWN_OPTIONS: ReadonlySet<string> = new Set([
  'url',
  'audience',
  'certificate-authority',
  'jwks',
]);

/** How a parameter is given on the command line. */
export function optionOf(parameter: Pick<Parameter, 'name' | 'kind'>): string {
  const { name, kind } = parameter;
  const value = kind === 'grant' ? 'WHO=ROLE' : kind === 'file' ? 'FILE' : 'VALUE';
  return `${optionNameOf(parameter)}${OWN_OPTIONS.has(name) ? ' ' : '='}${value}`;
}

/** The same without its value. */
export function optionNameOf({ name }: Pick<Parameter, 'name'>): string {
  return OWN_OPTIONS.has(name) ? `--${name}` : `--set ${name}`;
}

/** @returns what is wrong with an answer, or undefined. */
export function checkAnswer(parameter: Parameter, answer: string): InitProblem | undefined {
  switch (parameter.kind) {
    case 'value':
      return checkForm(parameter, parameter.form, answer);
    case 'list':
      return itemsOf(answer)
        .map((item) => checkForm(parameter, parameter.form, item))
        .find((problem) => problem !== undefined);
    case 'grant':
      return checkGrant(parameter, answer);
    case 'file':
      return answer === '' ? unexpected(parameter, answer, 'the path of a file') : undefined;
    case 'choice': {
      const choices = Object.keys(parameter.entries);
      return choices.includes(answer)
        ? undefined
        : unexpected(parameter, answer, choices.join(' or '));
    }
    case 'switch':
      return ['yes', 'no'].includes(answer)
        ? undefined
        : unexpected(parameter, answer, 'yes or no');
  }
}

/** The items of a list, which commas part. */
export function itemsOf(answer: string): readonly string[] {
  return answer.split(',').map((item) => item.trim());
}

/** `WHO=ROLE[,ROLE]`; the last sign of equality parts them, as an ID may have some. */
export function parseGrant(answer: string): Grant {
  const at = answer.lastIndexOf('=');
  return { who: answer.slice(0, at), roles: itemsOf(answer.slice(at + 1)) };
}

/** Adds answers to those that are there already. @returns what is wrong with the first that cannot be used. */
export function addAnswers(
  kind: Kind,
  answers: Map<string, string[]>,
  given: readonly (readonly [name: string, answer: string])[],
): InitProblem | undefined {
  for (const [name, answer] of given) {
    const parameter = kind.parameters.find((one) => one.name === name);
    if (parameter === undefined) {
      const known = kind.parameters.map(optionOf).join(', ');
      return {
        problem: `kind ${kind.name} has no parameter ${quote(name)}`,
        hint: `Its parameters are ${known}.`,
      };
    }
    const problem = checkAnswer(parameter, answer);
    if (problem !== undefined) {
      return problem;
    }
    const before = answers.get(name) ?? [];
    if (before.length > 0 && parameter.kind !== 'list' && parameter.kind !== 'grant') {
      return {
        problem: `${name} is given twice: ${quote(before[0])} and ${quote(answer)}`,
        hint: 'Give it once.',
      };
    }
    answers.set(name, [...before, ...(parameter.kind === 'list' ? itemsOf(answer) : [answer])]);
  }
  return undefined;
}

/** The parameters that must be answered and are not. */
export function findMissing({ parameters }: Kind, answers: Answers): readonly Parameter[] {
  // Of an entry that is wanted, everything must be known.
  const wantsEntry = parameters.some(
    (one) => 'without' in one && one.without === 'no entry' && answers.has(one.name),
  );
  return parameters.filter((one) => {
    if (answers.has(one.name)) {
      return false;
    }
    switch (one.kind) {
      case 'value':
      case 'file':
        return one.without === 'no entry'
          ? wantsEntry
          : one.without === undefined && !('default' in one);
      case 'list':
      case 'choice':
        return true;
      case 'grant':
      case 'switch':
        return false;
    }
  });
}

function checkForm(
  parameter: Pick<Parameter, 'name' | 'kind'>,
  { pattern, expected }: Form,
  answer: string,
): InitProblem | undefined {
  return pattern.test(answer) ? undefined : unexpected(parameter, answer, expected);
}

function checkGrant(parameter: GrantParameter, answer: string): InitProblem | undefined {
  if (!answer.includes('=')) {
    return unexpected(parameter, answer, 'WHO=ROLE or WHO=ROLE,ROLE');
  }
  const { who, roles } = parseGrant(answer);
  return (
    checkForm(parameter, parameter.form, who) ??
    roles
      .map((role) => checkForm(parameter, ROLE_FORM, role))
      .find((problem) => problem !== undefined)
  );
}

function unexpected(
  parameter: Pick<Parameter, 'name' | 'kind'>,
  answer: string,
  expected: string,
): InitProblem {
  return {
    problem: `${parameter.name} is ${quote(answer)}; expected ${expected}`,
    hint: `Write ${optionOf(parameter)}.`,
  };
}
