// Placeholders of documentation, which somebody copied and forgot to fill in. None is ever filled in here.

/**
 * Finds a placeholder such as `<your-tenant>`, `{tenantid}`, `${TENANT}` or `{{ .Values.tenant }}`.
 *
 * @returns it as it is written, or undefined where there is none.
 */
export function findPlaceholder(text: string): string | undefined {
  return PLACEHOLDER.exec(text)?.[0];
}

/** A name in brackets. Not what patterns have in them: `(?P<name>`, `(?<name>`, `\p{Greek}`, `{3}`. */
const PLACEHOLDER =
  /(?<!\?P?)<[a-z][\w .-]{0,60}>|\$\([a-z]\w{0,60}\)|(?<!\\[pP])\$?\{\{?[ .]{0,3}[a-z][\w .-]{0,60}\}\}?/i;
