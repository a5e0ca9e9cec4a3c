// Patterns that let a name go on. Subjects are names with delimiters between them, and ".*" takes both: a pattern that says
// it directly behind a name is met by longer names, and by whatever stands behind those.

/**
 * Finds the name that a rule leaves open: a service account's namespace, or a segment of a SPIFFE ID's path.
 *
 * @param expression what the rule demands of the whole text, an RE2 expression.
 * @returns undefined where it ends with a delimiter, where its last character is one ("team-.*": a prefix that is meant),
 * where only certain characters may follow ("team[a-z]*"), or where the rule is on another claim.
 */
export function findOpenName(claim: string, expression: string): string | undefined {
  return claim === 'sub' ? OPEN_NAME.exec(expression)?.[1] : undefined;
}

/** A backslash in front of a name would make a class of its first character. */
const OPEN_NAME =
  /(?:system:serviceaccount:(?:[^:]*?[^\w.:\\-])??|spiffe:\/\/[^/]*\/(?:.*?[^\w.\\-])??)([\w.-]*[A-Za-z0-9])(?:[()]|\?s:)*\.[*+]/s;
