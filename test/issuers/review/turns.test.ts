// Turns: never more at a time, in order, and nobody waits for ever or keeps one that was given up.
import { expect, it } from 'vitest';

import { createTurns, type Turn } from '../../../src/issuers/review/turns.ts';

const never = new AbortController().signal;

function turnOf(taken: Turn | 'full' | 'late'): Turn {
  if (typeof taken === 'string') throw new Error(taken);
  return taken;
}

it('gives out so many at a time, then each that is given back to who has waited longest', async () => {
  const turns = createTurns(2, 10);
  const [first] = [turnOf(await turns.take(never)), turnOf(await turns.take(never))];
  const order: string[] = [];
  const [third, fourth] = ['third', 'fourth'].map(async (name) => {
    const turn = turnOf(await turns.take(never));
    order.push(name);
    return turn;
  });
  await Promise.resolve();
  expect(order).toEqual([]);
  first.release();
  const held = await third;
  expect(order).toEqual(['third']);
  held?.release();
  await fourth;
  expect(order).toEqual(['third', 'fourth']);
});

it('says at once when too many wait, and lets others wait again later', async () => {
  const turns = createTurns(1, 1);
  const turn = turnOf(await turns.take(never));
  const waiting = turns.take(never);
  expect(await turns.take(never)).toBe('full');
  turn.release();
  turnOf(await waiting).release();
  turnOf(await turns.take(never)).release();
});

it('gives up with the signal, and the turn goes to the next', async () => {
  const turns = createTurns(1, 10);
  const turn = turnOf(await turns.take(never));
  const stop = new AbortController();
  const [late, next] = [turns.take(stop.signal), turns.take(never)];
  stop.abort();
  expect(await late).toBe('late');
  turn.release();
  turnOf(await next).release();
  turnOf(await turns.take(never));
});
