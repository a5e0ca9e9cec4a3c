// What the translation has to say of a line: one form for what stops it, what is lost and what will be different.

/** One thing to be told. `message` is lower case without a full stop; `hint` is a whole sentence of advice. */
export interface Finding {
  readonly message: string;
  readonly hint?: string;
}

/** Takes a finding. */
export type Report = (message: string, hint?: string) => void;

/** A report that collects. */
export function collectInto(findings: Finding[]): Report {
  return (message, hint) => {
    findings.push(hint === undefined ? { message } : { message, hint });
  };
}
