// Patterns that let a name go on. Subjects are names with delimiters between them, and ".*" takes both: a pattern that says
// it directly behind a name is met by longer names, and by whatever stands behind those.
import type { RoleRule, ValidationRule } from '../config/schema.ts';

/** What stands before the name: of a service account's namespace, or of a segment of a SPIFFE ID's path. */
const BEFORE_NAME = /(?:system:serviceaccount:[^:]*|spiffe:\/\/[^/]*\/.*)$/s;

/**
 * Finds the name that a rule leaves open.
 *
 * @returns undefined where it ends with a delimiter, where its last character is one ("team-.*": a prefix that is meant),
 * where only certain characters may follow ("team[a-z]*"), or where the rule is on another claim.
 */
export function findOpenName(
  rule: RoleRule | ValidationRule,
): { readonly name: string; readonly wildcard: string } | undefined {
  const prefix = 'trimPrefix' in rule ? (rule.trimPrefix ?? '') : '';
  const [wildcard] = FIRST_WILDCARD.exec(rule.pattern ?? '') ?? [];
  if (rule.claim !== 'sub' || rule.pattern === undefined || wildcard === undefined) {
    return undefined;
  }
  const [before = ''] = rule.pattern.split(FIRST_WILDCARD);
  const text = `${prefix}${before}`.replace(/[()]+$/, '');
  const [name = ''] = /[A-Za-z0-9._-]*[A-Za-z0-9]$/.exec(text.slice(-LONGEST_NAME)) ?? [];
  return name !== '' && BEFORE_NAME.test(text.slice(0, text.length - name.length))
    ? { name, wildcard }
    : undefined;
}

/** Not a dot that stands for itself. */
const FIRST_WILDCARD = /(?<!\\)\.[*+]/;

const LONGEST_NAME = 253;
