// What keeps the daemon from starting: a value an administrator can act on, told in one line with a hint.

/** A reason not to start, and what to do about it. */
export class StartupError extends Error {
  readonly hint: string;

  constructor(message: string, hint: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'StartupError';
    this.hint = hint;
  }
}
