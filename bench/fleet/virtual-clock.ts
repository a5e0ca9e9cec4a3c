// Time that passes as fast as a simulation can go: setTimeout, clearTimeout and AbortSignal.timeout by a clock of its own, in the
// order of time, so that the code that waits by them is the code that runs in production.
import { setImmediate as nextTurn } from 'node:timers/promises';

/** A clock that stands still unless it is advanced. */
export interface VirtualClock extends Disposable {
  /** Seconds since it was made. */
  readonly now: () => number;
  /** Calls back at a time. */
  readonly at: (seconds: number, callback: () => void) => void;
  /** Resolves after so many seconds of this clock. */
  readonly pass: (seconds: number) => Promise<void>;
  /** Runs all that is due until a time; what it sets off is done before the next is. */
  readonly advanceTo: (seconds: number) => Promise<void>;
}

interface Timer {
  readonly due: number;
  /** Of two that are due at one time the older comes first. */
  readonly number: number;
  callback: (() => void) | undefined;
}

/** One for all, as making one takes longer than all else. */
const TIMED_OUT = new DOMException('The operation was aborted due to timeout', 'TimeoutError');

/** Creates the clock and puts it in the place of the process's own until it is disposed of. */
export function createVirtualClock(): VirtualClock {
  const own = {
    setTimeout: globalThis.setTimeout,
    clearTimeout: globalThis.clearTimeout,
    timeout: AbortSignal.timeout.bind(AbortSignal),
  };
  const timers: Timer[] = [];
  let now = 0;
  let made = 0;

  const add = (due: number, callback: () => void): Timer => {
    const timer = { due, number: made++, callback };
    push(timers, timer);
    return timer;
  };
  const setTimer = (callback: () => void, milliseconds = 0): object => {
    const timer = add(now + milliseconds / 1000, callback);
    return Object.assign(timer, { unref: () => timer, ref: () => timer });
  };
  const clearTimer = (timer: Timer | undefined): void => {
    if (timer !== undefined) timer.callback = undefined;
  };
  const abortAfter = (milliseconds: number): AbortSignal => {
    const controller = new AbortController();
    setTimer(() => {
      controller.abort(TIMED_OUT);
    }, milliseconds);
    return controller.signal;
  };
  Object.assign(globalThis, { setTimeout: setTimer, clearTimeout: clearTimer });
  Object.assign(AbortSignal, { timeout: abortAfter });

  return {
    now: () => now,
    at: add,
    pass: async (seconds) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      add(now + seconds, resolve);
      return promise;
    },
    async advanceTo(until) {
      // What was begun since then comes to its first timer.
      await nextTurn();
      for (let next = timers[0]; next !== undefined && next.due <= until; next = timers[0]) {
        pop(timers);
        if (next.callback === undefined) continue;
        now = Math.max(now, next.due);
        next.callback();
        // Promises that it has settled run until nothing is left of them.
        await nextTurn();
      }
      now = until;
    },
    [Symbol.dispose]() {
      Object.assign(globalThis, { setTimeout: own.setTimeout, clearTimeout: own.clearTimeout });
      Object.assign(AbortSignal, { timeout: own.timeout });
    },
  };
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.due < b.due || (a.due === b.due && a.number < b.number);
}

/** Adds to a binary heap. */
function push(heap: Timer[], timer: Timer): void {
  let place = heap.length;
  heap.push(timer);
  while (place > 0) {
    const above = (place - 1) >> 1;
    const parent = heap[above];
    if (parent === undefined || !isBefore(timer, parent)) break;
    heap[place] = parent;
    place = above;
  }
  heap[place] = timer;
}

/** Takes the first one off a binary heap. */
function pop(heap: Timer[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let place = 0;
  for (;;) {
    const left = 2 * place + 1;
    const [one, other] = [heap[left], heap[left + 1]];
    if (one === undefined) break;
    const isOther = other !== undefined && isBefore(other, one);
    const child = isOther ? other : one;
    if (!isBefore(child, last)) break;
    heap[place] = child;
    place = left + (isOther ? 1 : 0);
  }
  heap[place] = last;
}
