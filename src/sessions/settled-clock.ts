// The wall clock, without its steps. A clock that is set an hour forward by mistake would let every token expire at once: a new
// time counts once it has stood for a minute, until then the one that ends sessions later.
import type { Clock } from '../clock.ts';

/** How long a new time must stand, in seconds. */
const SETTLE = 60;
/** What a clock is slewed by between two looks at most, in seconds. */
const TOLERANCE = 2;
/** After this many seconds without a look nobody knows what the clock has shown meanwhile. */
const LONGEST_GAP = 30;

/**
 * Creates a clock that is to be looked at every few seconds.
 *
 * @param uptime seconds on a clock that is never set.
 * @param known what `offset` said before, on the same uptime; default: the clock as it is now.
 */
export function createSettledClock(
  clock: Clock,
  uptime: Clock,
  known = clock() - uptime(),
): { readonly now: Clock; readonly offset: () => number } {
  let settled = known;
  let stepped: { readonly offset: number; readonly since: number } | undefined;
  let lookedAt = uptime();
  const look = (): number => {
    if (uptime() - lookedAt > LONGEST_GAP) stepped = undefined;
    lookedAt = uptime();
    const offset = clock() - uptime();
    if (Math.abs(offset - settled) <= TOLERANCE) {
      settled = offset;
      stepped = undefined;
    } else {
      if (stepped === undefined || Math.abs(offset - stepped.offset) > TOLERANCE) {
        stepped = { offset, since: uptime() };
      }
      if (uptime() - stepped.since >= SETTLE) {
        settled = offset;
        stepped = undefined;
      }
    }
    return Math.min(offset, settled);
  };
  return { now: () => look() + uptime(), offset: () => settled };
}
