// What keeps a plan from being made.

/** What is wrong, and what to do about it. */
export interface InitProblem {
  readonly problem: string;
  readonly hint: string;
}

/** Whether something is one. */
export function isInitProblem(value: object): value is InitProblem {
  return 'problem' in value;
}
