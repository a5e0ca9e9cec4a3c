// The lines of a file of /etc/pam.d as linux-pam puts them together (_pam_assemble_line in libpam/pam_misc.c): "#" ends a line,
// also in brackets, and a backslash at the end goes on in the next one, but not behind a comment.

/** A line that says something. */
export interface AssembledLine {
  /** Where it begins, counted from 1. */
  readonly line: number;
  /** Without comment and backslashes. */
  readonly text: string;
  /** Whether it ends with a backslash, and the file with it. */
  readonly isUnfinished: boolean;
}

/** @returns all but those that are empty, or comments alone. */
export function assemblePAMLines(text: string): readonly AssembledLine[] {
  const lines: AssembledLine[] = [];
  let begun: { readonly line: number; readonly text: string } | undefined;
  for (const [index, raw] of text.split('\n').entries()) {
    const bare = raw.replace(/^[ \t]+/, '').replace(/#.*/, '');
    const whole = { line: begun?.line ?? index + 1, text: begun?.text ?? '' };
    if (/\\[ \t]*$/.test(bare) && !raw.includes('#')) {
      begun = { ...whole, text: `${whole.text}${bare.replace(/\\[ \t]*$/, ' ')}` };
    } else if (bare !== '') {
      lines.push({ ...whole, text: `${whole.text}${bare}`, isUnfinished: false });
      begun = undefined;
    }
  }
  return [
    ...lines.filter((one) => /[^ \t]/.test(one.text)),
    ...(begun === undefined ? [] : [{ ...begun, isUnfinished: true }]),
  ];
}
