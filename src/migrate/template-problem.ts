// Why a template is not understood: a value, so that what was understood and what was not cannot be mixed up.

/** `message` is lower case without a full stop, with "it" for the template; `hint` is a whole sentence. */
export class TemplateProblem {
  readonly message: string;
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    this.message = message;
    this.hint = hint;
  }
}
