// Placeholders of documentation, which somebody copied and forgot to fill in. None is ever filled in here.

/**
 * Finds a placeholder such as `<your-tenant>`, `{tenantid}`, `${TENANT}`, `{{ .Values.tenant }}`, `YOUR_CLIENT_ID` or `CHANGEME`.
 *
 * @returns it as it is written, or undefined where there is none.
 */
export function findPlaceholder(text: string): string | undefined {
  return (PLACEHOLDER.exec(text) ?? WORDS.exec(text))?.[0];
}

/** Words that nobody calls anything by. */
const WORDS =
  /(?<![A-Za-z0-9])(?:YOUR[-_][A-Z0-9_-]{2,60}|your[-_](?:account|audience|client|cluster|domain|issuer|org|project|realm|tenant)(?:[-_][\w-]{0,60})?|(?:CHANGE|REPLACE)[-_]?(?:ME|THIS)|(?:change|replace)[-_]?me|TODO|FIXME)(?![A-Za-z0-9])/;

/** A name in brackets. Not what patterns have in them: `(?P<name>`, `(?<name>`, `\p{Greek}`, `{3}`. */
const PLACEHOLDER =
  /(?<!\?P?)<[a-z][\w .-]{0,60}>|\$\([a-z]\w{0,60}\)|(?<!\\[pP])\$?\{\{?[ .]{0,3}[a-z][\w .-]{0,60}\}\}?/i;
