// Whether people are told in colour.

/** Only on a terminal that has it, and where nobody has asked for none (NO_COLOR that is not empty). */
export function wantsColour(
  output: { readonly isTTY?: boolean },
  { NO_COLOR = '', TERM = '' }: NodeJS.ProcessEnv,
): boolean {
  return output.isTTY === true && NO_COLOR === '' && TERM !== 'dumb';
}
