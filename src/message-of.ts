// What something that was thrown says. JavaScript can throw anything; what is no error is shown as text.

/** The message of an error, without its stack. It may hold anything: make it printable before it is shown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
