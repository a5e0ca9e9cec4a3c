// Logins that wait: what comes of the wait, and how much of it there can be.
import { expect, it } from 'vitest';

import { createWaitingLogins } from '../../src/daemon/waiting-logins.ts';
import { isRefusal, refuse, type Refusal } from '../../src/errors.ts';

const NEVER = new Promise<Refusal>(() => undefined);
const HINT =
  'Its issuer answers slowly or not at all, and somebody sends many long tokens: see the log of decisions.';

it('gives what is waited for', async () => {
  const waiting = createWaitingLogins();
  expect(await waiting.wait('a', 1000, async () => 'keys', NEVER)).toBe('keys');
});

it('gives the refusal of who is late, and frees its room', async () => {
  const waiting = createWaitingLogins({ perIssuer: 10, total: 10 });
  const late = refuse('ERR_DEADLINE', 'late');
  expect(await waiting.wait('a', 10, async () => NEVER, Promise.resolve(late))).toBe(late);
  expect(await waiting.wait('a', 10, async () => 'keys', NEVER)).toBe('keys');
});

it('frees the room of what fails', async () => {
  const waiting = createWaitingLogins({ perIssuer: 10, total: 10 });
  const failing = waiting.wait('a', 10, async () => Promise.reject(new Error('broken')), NEVER);
  await expect(failing).rejects.toThrow('broken');
  expect(await waiting.wait('a', 10, async () => 'keys', NEVER)).toBe('keys');
});

it('refuses what has no room beside those of its issuer, or of all, and starts nothing for it', async () => {
  const waiting = createWaitingLogins({ perIssuer: 10, total: 15 });
  const { promise, resolve } = Promise.withResolvers<string>();
  const first = waiting.wait('a', 8, async () => promise, NEVER);
  const second = waiting.wait('b', 5, async () => promise, NEVER);
  const refused = async (issuer: string, bytes: number) => {
    let started = false;
    const answer = await waiting.wait(
      issuer,
      bytes,
      async () => {
        started = true;
      },
      NEVER,
    );
    return { answer, isRefusal: isRefusal(answer), started };
  };
  const refusal = (message: string) => ({
    answer: { code: 'ERR_KEYS_UNAVAILABLE', message, hint: HINT },
    isRefusal: true,
    started: false,
  });
  expect(await refused('a', 3)).toMatchObject(
    refusal(
      'tokens of 8 bytes wait for the keys of entry "a", 13 bytes for all; expected at most 10 and 15',
    ),
  );
  expect(await refused('c', 3)).toMatchObject(
    refusal(
      'tokens of 0 bytes wait for the keys of entry "c", 13 bytes for all; expected at most 10 and 15',
    ),
  );
  expect(await refused('a', 2)).toMatchObject({ isRefusal: false, started: true });
  resolve('keys');
  expect(await Promise.all([first, second])).toEqual(['keys', 'keys']);
  expect(await refused('a', 10)).toMatchObject({ isRefusal: false, started: true });
});
