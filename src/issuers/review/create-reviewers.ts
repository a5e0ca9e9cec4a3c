// The API servers of all entries with `review`, for a daemon: those that stay the same over a reload go on, with their connections
// and what they know.
import type { ReviewSource } from '../../review/review-source.ts';
import { createLookUp } from '../look-up.ts';
import { createSecureContexts } from '../secure-contexts.ts';
import { createReviewer, type Reviewer } from './reviewer.ts';

/** An entry, as far as it matters here. */
export interface ReviewedEntry {
  readonly name: string;
  readonly review?: ReviewSource | undefined;
}

/** Gives the reviewer of an entry; undefined where it has none. */
export type ReviewerOf = (name: string) => Reviewer | undefined;

/** The reviewers in force. */
export interface Reviewers {
  /** Takes over the entries of a policy. @returns the reviewers of this policy and no other. */
  use(entries: readonly ReviewedEntry[]): ReviewerOf;
  close(): void;
}

/** Creates none yet. @param uptime seconds on a clock that is never set. */
export function createReviewers(
  uptime: () => number,
  create: typeof createReviewer = createReviewer,
): Reviewers {
  const shared = { secureContexts: createSecureContexts(), lookUp: createLookUp(), uptime };
  let inForce = new Map<string, { readonly reviewer: Reviewer; readonly terms: string }>();
  return {
    use(entries) {
      const next: typeof inForce = new Map();
      for (const { name, review } of entries) {
        if (review !== undefined) {
          const terms = JSON.stringify(review);
          const current = inForce.get(name);
          next.set(
            name,
            current?.terms === terms ? current : { reviewer: create(review, shared), terms },
          );
        }
      }
      for (const [name, { reviewer }] of inForce) {
        if (next.get(name)?.reviewer !== reviewer) reviewer.close();
      }
      inForce = next;
      return (name) => next.get(name)?.reviewer;
    },
    close() {
      for (const { reviewer } of inForce.values()) reviewer.close();
    },
  };
}
