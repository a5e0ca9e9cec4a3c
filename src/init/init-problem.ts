// What keeps a plan from being made.

/** What is wrong, and what to do about it. */
export interface InitProblem {
  readonly problem: string;
  readonly hint: string;
  /** Something is in the way that other options would not change: an issuer that does not answer, a role that is protected. */
  readonly isInTheWay?: true;
}

/** Whether something is one. */
export function isInitProblem(value: object): value is InitProblem {
  return 'problem' in value;
}
