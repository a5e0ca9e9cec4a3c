// Turns what a user_template writes into one role rule that permits the same role, wherever it permits one at all.
//
// Go's trimPrefix leaves a value without the prefix as it is, and pam_oidc then lets it in under its whole name; a rule with
// trimPrefix does not match it. That is stricter, wanted, and told.
import { quote } from '../quote.ts';
import { collectInto, type Finding, type Report } from './findings.ts';
import { type ClaimPart, parseTemplate, type TemplatePart } from './parse-template.ts';
import { TemplateProblem } from './template-problem.ts';

/** A role rule of issuers.yaml, as it is written. */
export interface MigratedRule {
  readonly claim: string;
  readonly trimPrefix?: string;
  readonly trimSuffix?: string;
  readonly pattern?: string;
  readonly role?: string;
}

/**
 * Translates a template.
 *
 * @param loss told why there is no rule for it.
 * @param note told of what will be different.
 */
export function translateTemplate(
  source: string,
  loss: Report,
  note: Report,
): MigratedRule | undefined {
  const parts = parseTemplate(source);
  const rule = parts instanceof TemplateProblem ? parts : writeRule(parts);
  if (rule instanceof TemplateProblem) {
    loss(`user_template ${quote(source)}: ${rule.message}`, rule.hint ?? WRITE_IT);
    return undefined;
  }
  const notes: Finding[] = [];
  describeDifferences(rule, collectInto(notes));
  for (const { message, hint } of notes) {
    note(message, hint);
  }
  return rule;
}

const WRITE_IT = 'Write the role rule that is meant: docs/reference/configuration.md has them all.';

function writeRule(parts: readonly TemplatePart[]): MigratedRule | TemplateProblem {
  const claims = parts.filter((part) => part.kind === 'claim');
  const [first] = claims;
  if (parts.length === 0) {
    return new TemplateProblem('it writes nothing, and pam_oidc lets nobody in');
  }
  if (parts.some((part) => part.kind === 'text' && /\\[0-9]/.test(part.text))) {
    return new TemplateProblem(
      'it has a backslash before a digit, which would be a group in a role',
    );
  }
  const role = parts.map((part) => (part.kind === 'text' ? part.text : '\\1')).join('');
  if (first === undefined) {
    // Every token has a subject.
    return { claim: 'sub', pattern: '(?s).*', role };
  }
  const rule = trimmed(first);
  if (claims.some((claim) => JSON.stringify(trimmed(claim)) !== JSON.stringify(rule))) {
    return new TemplateProblem(
      'it uses several values; a role rule makes a role of one claim, trimmed in one way',
    );
  }
  // The dot means line breaks too: Go does not care.
  return parts.length === 1 ? rule : { ...rule, pattern: '(?s)(.*)', role };
}

/** Several prefixes that are taken off one after the other are one prefix; the first suffix is the outermost. */
function trimmed({ path, trims }: ClaimPart): MigratedRule {
  const texts = (at: 'prefix' | 'suffix'): readonly string[] =>
    trims.filter((trim) => trim.at === at).map((trim) => trim.text);
  const prefix = texts('prefix').join('');
  const suffix = texts('suffix').toReversed().join('');
  return {
    claim: selectorOf(path),
    ...(prefix === '' ? {} : { trimPrefix: prefix }),
    ...(suffix === '' ? {} : { trimSuffix: suffix }),
  };
}

/** How issuers.yaml names a claim: by its name, or by a JSON Pointer (RFC 6901) where there is more than that. */
export function selectorOf(path: readonly string[]): string {
  const [name = '', ...below] = path;
  return below.length === 0 && name !== '' && !name.startsWith('/')
    ? name
    : path.map((step) => `/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

function describeDifferences(rule: MigratedRule, note: Report): void {
  const { claim, trimPrefix, trimSuffix } = rule;
  const without = [
    ...(trimPrefix === undefined ? [] : [`does not begin with ${quote(trimPrefix)}`]),
    ...(trimSuffix === undefined ? [] : [`does not end with ${quote(trimSuffix)}`]),
  ];
  if (without.length > 0) {
    note(
      `where claim ${quote(claim)} ${without.join(', or ')}, the rule permits nothing; pam_oidc takes the value all the same`,
    );
  }
  if (TEXT_CLAIMS.includes(claim)) {
    return;
  }
  const trims = without.length > 0;
  note(
    `of a list in claim ${quote(claim)} every text is tried; pam_oidc ${trims ? 'refuses a list' : 'makes one text of the whole list'}`,
  );
  if (!trims) {
    note(
      `a token without claim ${quote(claim)}, or with one that is no text, is refused; pam_oidc takes "<no value>", or the value as Go writes it`,
    );
  }
}

/** What pam_oidc takes as a text only. */
const TEXT_CLAIMS = ['sub', 'iss', 'nonce', 'acr', 'azp'];
