// Text of others that may have a token in it, such as what a program writes to standard error, made fit for a log.

/** Takes whatever reads like the beginning of a token out of a text. */
export function hideTokens(text: string): string {
  return text.replaceAll(/\be[yw][A-Za-z0-9_-]{8,}[A-Za-z0-9_.=-]*/g, '(a token)');
}
