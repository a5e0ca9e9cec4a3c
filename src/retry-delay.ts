// How long to wait before the next attempt at something that fails.

/**
 * The wait after a failure: it doubles with each one, up to a limit.
 *
 * @param failures in a row, this one among them: 1 or more.
 * @param first the wait after the first of them, in the unit of `longest` and of the result.
 */
export function retryDelay(failures: number, first: number, longest: number): number {
  return Math.min(first * 2 ** (failures - 1), longest);
}
