// The few statistics that a benchmark of paired rounds needs.

/** The middle value; the mean of the two middle ones where their number is even. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle];
  const lower = sorted.length % 2 === 0 ? sorted[middle - 1] : upper;
  if (upper === undefined || lower === undefined) {
    throw new Error('no values to take the median of');
  }
  return (lower + upper) / 2;
}

/** The median of the rounds' own ratios: what disturbs a whole round disturbs both of its sides. */
export function medianRatio(
  numerators: readonly number[],
  denominators: readonly number[],
): number {
  return median(
    numerators.map((numerator, round) => {
      const denominator = denominators[round];
      if (denominator === undefined) {
        throw new Error(`round ${round + 1} has no counterpart`);
      }
      return numerator / denominator;
    }),
  );
}
