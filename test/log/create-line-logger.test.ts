// The small logger writes what pino does.
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { createLineLogger } from '../../src/log/create-line-logger.ts';
import { createLogger } from '../../src/log/create-logger.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: 0, toFake: ['Date'] });
});

afterEach(() => {
  vi.useRealTimers();
});

it.each([false, true])('writes the same lines as pino, with priorities: %s', (withPriorities) => {
  const small: string[] = [];
  const large: string[] = [];
  const one = createLineLogger((line) => small.push(line), { withPriorities });
  const other = createLogger({ write: (line) => void large.push(line) }, { withPriorities });
  for (const log of [one, other]) {
    log.info(
      { file: '/x', ä: 'ü\n\u001b[1m', none: undefined, list: [1, { a: null }] },
      'one "line"',
    );
    log.warn({}, 'two');
    log.error({ reason: 'r' }, 'three');
    log.fatal({ place: 'p' }, 'four');
  }
  expect(small).toEqual(large);
  expect(small).toHaveLength(4);
});
