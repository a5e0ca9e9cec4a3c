// How much `config check` may still try of the texts that patterns permit.

/** Shared by searches that are bounded together; each takes from it. */
export interface SearchBudget {
  /** Characters that are tried in a state, of some microseconds each. */
  steps: number;
}

/** Enough for patterns as they are written by hand, and over in about a second. */
export const createSearchBudget = (): SearchBudget => ({ steps: 200_000 });
