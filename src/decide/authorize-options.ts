// What a decision needs of the world around it.
import type { Clock } from '../clock.ts';
import type { Refusal } from '../errors.ts';
import type { WantedKey } from '../keys/find-keys.ts';
import type { KeySet } from '../keys/formats/parse-key-set.ts';
import type { Issuer } from '../policy/policy.ts';
import type { ReviewOutcome } from '../review/review-outcome.ts';
import type { ParsedToken } from '../verify/parse-token.ts';
import type { VerifiedTokens } from './verified-tokens.ts';
import type { Trace } from './trace.ts';

/** The world around a decision. */
export interface AuthorizeOptions {
  readonly clock: Clock;
  /** Gives an issuer's keys; they may lack the one that is wanted. */
  readonly keysOf: (issuer: Issuer, wanted: WantedKey) => Promise<KeySet | Refusal>;
  /** Whether an issuer's key is at hand, so that asking for it waits for nobody; default: never. */
  readonly hasCachedKey?: (issuer: Issuer, wanted: WantedKey) => boolean;
  /**
   * Asks the API server of an entry whether a token still stands, for a login that everything else would grant. Default: nobody
   * asks, and entries with `review` grant nothing. Never rejects.
   */
  readonly review?: (issuer: Issuer, token: ParsedToken) => Promise<ReviewOutcome>;
  /** Remembers tokens, under this policy alone; default: nothing is remembered. */
  readonly verifiedTokens?: VerifiedTokens;
  /** Told of every step, for an explanation; default: nobody. What it does changes nothing. */
  readonly trace?: Trace;
}
