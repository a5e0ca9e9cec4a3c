// Follows a source of tokens: gets each one in time, and keeps the last good one while it lasts, whatever the source does.
//
// One look at a time. After each the next is planned; a source that tells of changes is looked at when it does.
import type { Clock } from '../../clock.ts';
import { describeExpired, hasExpired, isBetter } from './choose-token.ts';
import { type ClientToken, fault, type TokenFault } from './client-token.ts';
import { recheckPause, refreshPause, retryPause } from './refresh-plan.ts';
import type { TokenSource } from './token-source.ts';

/** Who follows. */
export interface FollowOptions {
  readonly source: TokenSource;
  readonly clock: Clock;
  /** From 0 to 1. Default: Math.random. */
  readonly random?: () => number;
  /** Told of each token that is better than the one before, which is the first one or has not expired. */
  readonly onToken: (token: ClientToken) => void;
  /** Told why there is no new token, once for each reason. */
  readonly onFault: (fault: TokenFault) => void;
  /** Told once when the source is well again after a fault. */
  readonly onRecovery?: () => void;
  /** Told when the token has expired and there is no other. */
  readonly onExpired?: (token: ClientToken) => void;
}

/** What follows a source. */
export interface TokenFollower {
  /** The newest token; it may have expired. */
  readonly token: ClientToken | undefined;
  /** Why there is no newer one; undefined while the source is well. */
  readonly fault: TokenFault | undefined;
  stop(): void;
}

/** The clock is looked at as often as this: timers stand still while a host sleeps, and clocks are set. In seconds. */
const LONGEST_TIMER = 60;

/** Starts following a source at once. */
export function followToken(options: FollowOptions): TokenFollower {
  const { source, clock, random = Math.random, onToken, onFault } = options;
  const ending = new AbortController();
  let token: ClientToken | undefined;
  let lastFault: TokenFault | undefined;
  let failures = 0;
  let isLooking = false;
  let hasChanged = false;
  let toldExpired = false;
  let timer: NodeJS.Timeout | undefined;

  const look = async (): Promise<void> => {
    if (isLooking) {
      hasChanged = true;
      return;
    }
    isLooking = true;
    clearTimeout(timer);
    do {
      hasChanged = false;
      const result = await source.get(ending.signal);
      if (ending.signal.aborted) {
        return;
      }
      plan(result.ok ? take(result.token) : fail(result));
      // Set by a change that was told while it was being read.
    } while (isTold(hasChanged));
    isLooking = false;
  };
  /** @returns the pause before the next look. */
  const take = (next: ClientToken): number => {
    const now = clock();
    if (isBetter(next, token, now)) {
      token = next;
      toldExpired = false;
      onToken(next);
    }
    if (hasExpired(next, now)) {
      return fail(
        fault(
          describeExpired(next, now),
          'Look at what renews it; if it is fresh, set the clock of this host.',
        ),
      );
    }
    if (lastFault !== undefined) {
      options.onRecovery?.();
    }
    lastFault = undefined;
    failures = 0;
    return source.watch === undefined ? refreshPause(next, now, random()) : recheckPause(next, now);
  };
  const fail = (next: TokenFault): number => {
    failures += 1;
    // Numbers in it change with each look, and say nothing new.
    const isKnown = withoutNumbers(next.reason) === withoutNumbers(lastFault?.reason ?? '');
    lastFault = next;
    if (!isKnown) {
      onFault(next);
    }
    return retryPause(failures, random());
  };
  const plan = (pause: number): void => {
    clearTimeout(timer);
    wait(pause, clock() + pause);
  };
  /** By whichever comes first, the timer or the clock. */
  const wait = (pause: number, until: number): void => {
    const untilExpiry = token === undefined || toldExpired ? Infinity : token.expiresAt - clock();
    const step = Math.max(Math.min(pause, LONGEST_TIMER, untilExpiry), 0);
    timer = setTimeout(() => {
      const now = clock();
      if (token !== undefined && !toldExpired && hasExpired(token, now)) {
        toldExpired = true;
        options.onExpired?.(token);
      }
      if (pause - step <= 0 || now >= until) {
        void look();
      } else {
        wait(pause - step, until);
      }
    }, step * 1000);
  };

  const watch = source.watch?.({
    onChange: () => void look(),
    onBlind: (reason, hint) => {
      onFault(fault(reason, hint));
    },
  });
  void look();
  return {
    get token() {
      return token;
    },
    get fault() {
      return lastFault;
    },
    stop() {
      ending.abort();
      clearTimeout(timer);
      watch?.close();
    },
  };
}

function withoutNumbers(reason: string): string {
  return reason.replaceAll(/[0-9]+/g, '0');
}

/** The compiler does not see that it changes while something is awaited. */
function isTold(hasChanged: boolean): boolean {
  return hasChanged;
}
