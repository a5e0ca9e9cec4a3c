// What is said of something that was thrown.
import { expect, it } from 'vitest';

import { messageOf } from '../src/message-of.ts';

it.each<readonly [what: string, thrown: unknown, message: string]>([
  ['an error', new TypeError('no such thing'), 'no such thing'],
  ['an error without a message', new Error(''), ''],
  ['text', 'no such thing', 'no such thing'],
  ['nothing', undefined, 'undefined'],
])('tells %s', (_what, thrown, message) => {
  expect(messageOf(thrown)).toBe(message);
});
