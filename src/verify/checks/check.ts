// What a decision is made of: one demand after the other, each made ready for one entry when the configuration is loaded.
// A demand that an entry does not make is not in its list, and costs a login nothing.
import type { Claims } from '../../claims/claim.ts';
import type { Refusal } from '../../errors.ts';

/** One demand. Holds no state. */
export interface Check<Subject> {
  /** What is looked at, such as `aud` or `claimValidationRules[0]`. */
  readonly name: string;
  /** What is demanded, in a few words. */
  readonly expected: string;
  /** What there is instead or as demanded, in a few words; asked for by explanations only. */
  readonly seen: (subject: Subject) => string;
  /** @returns why the demand is not met; undefined when it is. */
  readonly refusal: (subject: Subject) => Refusal | undefined;
}

/** A token whose signature is verified, as far as checks look at it. */
export interface VerifiedToken {
  /** The `typ` header. */
  readonly type: string | undefined;
  readonly claims: Claims;
  /** The `kid` header, and those of the keys that may have signed it. */
  readonly keyIDs: readonly string[];
  /** Unix time in seconds. */
  readonly now: number;
}

/** Told of each demand that was looked at. */
export type Observe<Subject> = (check: Check<Subject>, refusal: Refusal | undefined) => void;

/** Looks at one demand after the other. @returns the first refusal. */
export function findRefusal<Subject>(
  checks: readonly Check<Subject>[],
  subject: Subject,
  observe?: Observe<Subject>,
): Refusal | undefined {
  for (const check of checks) {
    const refusal = check.refusal(subject);
    observe?.(check, refusal);
    if (refusal !== undefined) {
      return refusal;
    }
  }
  return undefined;
}
