// Reads a Go text/template as far as it only puts claims and fixed text in a row, with trimPrefix and trimSuffix on the
// claims, which is what pam_oidc gives its templates (pam_oidc/authenticator.go). Nothing is ever executed: what is not understood
// is refused with its reason, as a guess would let the wrong people in.
import { quote } from '../quote.ts';
import { TemplateProblem } from './template-problem.ts';
import { type Token, tokenizeTemplate } from './tokenize-template.ts';

/** A part of what a template writes. */
export type TemplatePart = TextPart | ClaimPart;

/** Fixed text. */
export interface TextPart {
  readonly kind: 'text';
  readonly text: string;
}

/** The value of a claim, trimmed one after the other. */
export interface ClaimPart {
  readonly kind: 'claim';
  /** The claim's name, and the names below it. */
  readonly path: readonly string[];
  readonly trims: readonly Trim[];
}

/** What is taken off where it is there; Go leaves a value without it as it is. */
export interface Trim {
  readonly at: 'prefix' | 'suffix';
  readonly text: string;
}

/** The string fields of pam_oidc's claims, and the claims they hold (oidc/claims.go). */
const FIELDS: ReadonlyMap<string, string> = new Map([
  ['Subject', 'sub'],
  ['Issuer', 'iss'],
  ['Nonce', 'nonce'],
  ['ACR', 'acr'],
  ['AZP', 'azp'],
]);
/** Its other fields. */
const NO_TEXT = ['Audience', 'Expiry', 'NotBefore', 'IssuedAt', 'AuthTime', 'AMR'];
/** What is never in Extra, as it is taken out (oidc/claims.go, UnmarshalJSON). */
export const NEVER_EXTRA: readonly string[] = [
  'iss',
  'sub',
  'aud',
  'exp',
  'iat',
  'auth_time',
  'nonce',
  'acr',
  'amr',
  'azp',
];

/** Extra itself is a value on the way only. */
type Value = TemplatePart | { readonly kind: 'extra' };
type Tokens = Iterator<Token, undefined>;

/** Parses a template. @returns its parts, none of them empty text, or why it is not understood. */
export function parseTemplate(source: string): readonly TemplatePart[] | TemplateProblem {
  const pieces = tokenizeTemplate(source);
  if (pieces instanceof TemplateProblem) {
    return pieces;
  }
  const parts: TemplatePart[] = [];
  for (const piece of pieces) {
    const value = typeof piece === 'string' ? text(piece) : parseAction(piece);
    if (value instanceof TemplateProblem) {
      return value;
    }
    const last = parts.at(-1);
    if (value.kind === 'text' && last?.kind === 'text') {
      parts[parts.length - 1] = text(last.text + value.text);
    } else if (value.kind === 'claim' || value.text !== '') {
      parts.push(value);
    }
  }
  return parts;
}

function parseAction(tokens: readonly Token[]): TemplatePart | TemplateProblem {
  const value = parsePipeline(tokens.values());
  if (value instanceof TemplateProblem || value.kind !== 'extra') {
    return value;
  }
  return new TemplateProblem('it writes all of .Extra, which is no text');
}

/** Commands divided by "|", each with the value of the one before as its last argument; ends at ")" or at the end. */
function parsePipeline(tokens: Tokens): Value | TemplateProblem {
  let piped: Value | undefined;
  for (;;) {
    const command = parseCommand(tokens, piped);
    if (command instanceof TemplateProblem || command.last) {
      return command instanceof TemplateProblem ? command : command.value;
    }
    piped = command.value;
  }
}

function parseCommand(
  tokens: Tokens,
  piped: Value | undefined,
): { readonly value: Value; readonly last: boolean } | TemplateProblem {
  let name: string | undefined;
  const operands: Value[] = [];
  for (;;) {
    const token = tokens.next().value;
    if (token === undefined || token.kind === 'pipe' || token.kind === 'close') {
      if (name === undefined && operands.length === 0) {
        return new TemplateProblem('a part of it is empty');
      }
      const given = piped === undefined ? operands : [...operands, piped];
      const value = name === undefined ? single(given) : call(name, given);
      return value instanceof TemplateProblem ? value : { value, last: token?.kind !== 'pipe' };
    }
    if (token.kind === 'word') {
      if (name !== undefined || operands.length > 0) {
        return new TemplateProblem(`${quote(token.text)} stands where only a value is understood`);
      }
      name = token.text;
      continue;
    }
    const operand = parseOperand(token, tokens);
    if (operand instanceof TemplateProblem) {
      return operand;
    }
    operands.push(operand);
  }
}

function parseOperand(token: Token, tokens: Tokens): Value | TemplateProblem {
  switch (token.kind) {
    case 'text':
      return text(token.text);
    case 'field':
      return findField(token.text.slice(1).split('.'));
    case 'open':
      return parsePipeline(tokens);
    case 'word':
    case 'pipe':
    case 'close':
      return new TemplateProblem(`${quote(token.text)} stands where only a value is understood`);
  }
}

function single([value, ...more]: readonly Value[]): Value | TemplateProblem {
  return value === undefined || more.length > 0
    ? new TemplateProblem('a value is given an argument')
    : value;
}

function call(name: string, given: readonly Value[]): Value | TemplateProblem {
  const [first, second, ...more] = given;
  const complete = first !== undefined && second !== undefined && more.length === 0;
  if (name === 'index') {
    return complete && first.kind === 'extra' && second.kind === 'text'
      ? findExtra([second.text])
      : new TemplateProblem('index is understood only as in index .Extra "name"');
  }
  if (name !== 'trimPrefix' && name !== 'trimSuffix') {
    return new TemplateProblem(
      `it uses ${quote(name)}; only trimPrefix, trimSuffix and index have an equal in a role rule`,
    );
  }
  if (!complete || first.kind !== 'text' || second.kind !== 'claim') {
    return new TemplateProblem(`${name} is understood only with a fixed text, and on a claim`);
  }
  const at = name === 'trimPrefix' ? 'prefix' : 'suffix';
  return { ...second, trims: [...second.trims, { at, text: first.text }] };
}

function findField([field = '', ...below]: readonly string[]): Value | TemplateProblem {
  if (field === 'Extra') {
    return below.length === 0 ? { kind: 'extra' } : findExtra(below);
  }
  const claim = FIELDS.get(field);
  if (claim !== undefined && below.length === 0) {
    return { kind: 'claim', path: [claim], trims: [] };
  }
  const whole = `.${[field, ...below].join('.')}`;
  return NO_TEXT.includes(field) || claim !== undefined
    ? new TemplateProblem(`${quote(whole)} is no text`)
    : new TemplateProblem(
        `pam_oidc has no field ${quote(whole)}, and lets nobody in`,
        'For pam_oidc a claim called email is .Extra.email; write the role rule that you mean.',
      );
}

function findExtra(path: readonly string[]): ClaimPart | TemplateProblem {
  const [name = ''] = path;
  return NEVER_EXTRA.includes(name)
    ? new TemplateProblem(`pam_oidc never has ${quote(name)} in .Extra`)
    : { kind: 'claim', path, trims: [] };
}

function text(value: string): TextPart {
  return { kind: 'text', text: value };
}
