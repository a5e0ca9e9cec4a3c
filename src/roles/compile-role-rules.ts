// Role rules made ready: from the `roles` of an entry to a function that says which roles a token's claims permit.
import { type Claims, findClaim } from '../claims/claim.ts';
import { isUnverifiedEmail } from '../claims/is-unverified-email.ts';
import { PATTERN_HINT } from '../values/pattern-hint.ts';
import type { CompilePattern, Pattern } from '../values/pattern.ts';
import type { ReportProblem } from '../config/problems.ts';
import type { RoleRule } from '../config/schema/schema.ts';
import { valuesOfClaim } from '../claims/values-of-claim.ts';

/** Says which roles the claims permit; protected roles and length are not its business. May hold a role twice. */
export type RolesOf = (claims: Claims) => readonly string[];

/** What rules are compiled with; loaded only where a rule uses it, as each takes longer to load than a decision. */
export interface RuleTools {
  /** Only called for rules that have a pattern. */
  readonly compilePattern: CompilePattern;
  /** Only called for rules that say `shorten`. */
  readonly shortenRole: (role: string) => string;
}

/** More roles than this from one token are not looked at. */
const MAX_ROLES = 1000;

/**
 * Compiles the role rules of an entry.
 *
 * @param report told of a pattern that does not compile and of a `\N` without a group; the result must not be used then.
 */
export function compileRoleRules(
  rules: readonly RoleRule[],
  tools: RuleTools,
  report: ReportProblem,
): RolesOf {
  const compiled = rules.map((rule, index) =>
    compileRule(rule, tools, (path, message, hint) => {
      report([index, ...path], message, hint);
    }),
  );
  return (claims) => {
    const roles: string[] = [];
    for (const rule of compiled) {
      for (const role of rule(claims)) {
        if (roles.length < MAX_ROLES && role !== '' && role.isWellFormed()) {
          roles.push(role);
        }
      }
    }
    return roles;
  };
}

function compileRule(
  rule: RoleRule,
  tools: RuleTools,
  report: ReportProblem,
): (claims: Claims) => string[] {
  const pattern =
    rule.pattern === undefined
      ? undefined
      : tools.compilePattern(rule.pattern, (reason) => {
          report(
            ['pattern'],
            `Invalid value: not an RE2 regular expression: ${reason}`,
            PATTERN_HINT,
          );
        });
  const templates = compileTemplates(rule, pattern, report);
  const replace = compileReplace(rule.replace ?? {});

  return (claims) => {
    if (isUnverifiedEmail(claims, rule.claim)) {
      return [];
    }
    return textsOf(findClaim(claims, rule.claim), rule.split).flatMap((text) => {
      const value = trim(text, rule.trimPrefix ?? '', rule.trimSuffix ?? '');
      if (value === undefined || (rule.equals !== undefined && value !== rule.equals)) {
        return [];
      }
      const groups = pattern === undefined ? [value] : pattern.match(value);
      return groups === undefined
        ? []
        : templates
            .map((template) => template((group) => replace(groups[group] ?? '')))
            .map(rule.shorten ? tools.shortenRole : (role) => role);
    });
  };
}

/** A role to be filled in with what the pattern's groups caught. */
type Template = (group: (n: number) => string) => string;

function compileTemplates(
  rule: RoleRule,
  pattern: Pattern | undefined,
  report: ReportProblem,
): Template[] {
  if (rule.role === undefined) {
    return [(group) => group(0)];
  }
  const list = typeof rule.role !== 'string';
  const texts = typeof rule.role === 'string' ? [rule.role] : rule.role;
  return texts.map((text, index) => {
    for (const [reference] of text.matchAll(GROUP_REFERENCE)) {
      const n = Number(reference.slice(1));
      if (pattern !== undefined && (n === 0 || n > pattern.groupCount)) {
        report(
          list ? ['role', index] : ['role'],
          `Invalid value: ${reference} names no group; the pattern has ${pattern.groupCount}, counted from \\1`,
        );
      }
    }
    return (group) =>
      text.replaceAll(GROUP_REFERENCE, (reference) => group(Number(reference.slice(1))));
  });
}

/** A group of the pattern in a template, such as `\\1`. */
export const GROUP_REFERENCE = /\\[0-9]/g;

function textsOf(value: unknown, split: string | undefined): string[] {
  return valuesOfClaim(value, split)
    .slice(0, MAX_ROLES)
    .filter((item) => typeof item === 'string');
}

/** Takes prefix and suffix off. @returns undefined when the value lacks one of them or is no longer than both. */
function trim(value: string, prefix: string, suffix: string): string | undefined {
  return value.startsWith(prefix) &&
    value.endsWith(suffix) &&
    value.length > prefix.length + suffix.length
    ? value.slice(prefix.length, value.length - suffix.length)
    : undefined;
}

/** Replaces in one pass, the longest text first, so that what was put in is never replaced again. */
function compileReplace(replace: Readonly<Record<string, string>>): (text: string) => string {
  const texts = Object.keys(replace).toSorted((a, b) => b.length - a.length);
  if (texts.length === 0) {
    return (text) => text;
  }
  const any = new RegExp(texts.map((text) => RegExp.escape(text)).join('|'), 'g');
  return (text) => text.replaceAll(any, (found) => replace[found] ?? found);
}
