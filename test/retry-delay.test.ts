import { expect, it } from 'vitest';

import { retryDelay } from '../src/retry-delay.ts';

it('doubles with each failure in a row, up to its limit', () => {
  expect([1, 2, 3, 4, 5].map((failures) => retryDelay(failures, 0.5, 3))).toEqual([
    0.5, 1, 2, 3, 3,
  ]);
});
