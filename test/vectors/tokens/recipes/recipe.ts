// A recipe: a vector without what most vectors have in common.
import type { Expected } from '../vector.ts';

export interface Recipe {
  readonly name: string;
  /** Default: cluster. */
  readonly policy?: string;
  /** Default: NOW. */
  readonly now?: number;
  /** Default: foo:myservice. */
  readonly role?: string;
  /** Default: postgresql. */
  readonly service?: string;
  /** Default: 10.0.0.7; undefined: a unix socket. */
  readonly source?: string | undefined;
  readonly password: string;
  readonly expected: Expected;
}

/** Granted by this entry. */
export function granted(issuer = 'cluster'): Expected {
  return { granted: true, issuer };
}
