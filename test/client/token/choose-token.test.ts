// Which of two tokens a client holds, by a clock that may be wrong.
import { expect, it } from 'vitest';

import { isBetter } from '../../../src/client/token/choose-token.ts';
import { clientToken } from '../make-token.ts';

const NOW = 1000;
const [old, fresh, freshest] = [900, 1500, 2000].map((exp) => clientToken({ exp }));

it.each([
  ['a good one takes the place of none', fresh, undefined, true],
  ['an expired one takes the place of none: the clock may be ahead', old, undefined, true],
  ['a good one takes the place of one that has expired', fresh, old, true],
  [
    'a good one takes the place of one that lives longer: somebody has replaced it',
    fresh,
    freshest,
    true,
  ],
  ['an expired one never takes the place of a good one', old, fresh, false],
  ['the same one is not better', fresh, fresh, false],
  ['of two expired ones the later is better', old, clientToken({ exp: 800 }), true],
  ['of two expired ones the earlier is not', clientToken({ exp: 800 }), old, false],
])('%s', (_what, next, current, better) => {
  expect(isBetter(next!, current, NOW)).toBe(better);
});
