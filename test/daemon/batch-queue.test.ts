// Jobs that wait: done in order, in time, and all of them.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { createBatchQueue, type BatchQueue } from '../../src/daemon/batch-queue.ts';

let done: number[];
let errors: unknown[];
let later: BatchQueue;

beforeEach(() => {
  vi.useFakeTimers();
  done = [];
  errors = [];
  later = createBatchQueue(50, (error) => errors.push(error));
});

afterEach(() => {
  vi.useRealTimers();
});

const job = (n: number) => () => void done.push(n);

describe('jobs are done', () => {
  it('in their order, once the delay of the first is over', () => {
    later.add(job(1), 0);
    vi.advanceTimersByTime(49);
    later.add(job(2), 0);
    expect(done).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(done).toEqual([1, 2]);
    later.add(job(3), 0);
    vi.advanceTimersByTime(50);
    expect(done).toEqual([1, 2, 3]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('at once when asked for, and not again', () => {
    later.add(job(1), 0);
    later.flush();
    expect(done).toEqual([1]);
    expect(vi.getTimerCount()).toBe(0);
    later.flush();
    expect(done).toEqual([1]);
  });

  it('at once when 256 wait', () => {
    for (let n = 0; n < 255; n++) later.add(job(n), 0);
    expect(done).toEqual([]);
    later.add(job(255), 0);
    expect(done).toHaveLength(256);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('at once when they hold half a megabyte', () => {
    for (let n = 0; n < 7; n++) later.add(job(n), 65_535);
    expect(done).toEqual([]);
    later.add(job(7), 65_535);
    later.add(job(8), 65_535);
    expect(done).toHaveLength(9);
    later.add(job(9), 65_535);
    expect(done).toHaveLength(9);
  });

  it('although one before them throws', () => {
    const failure = new Error('on purpose');
    later.add(() => {
      throw failure;
    }, 0);
    later.add(job(2), 0);
    vi.advanceTimersByTime(50);
    expect(done).toEqual([2]);
    expect(errors).toEqual([failure]);
  });

  it('later, when a job adds another', () => {
    later.add(() => {
      later.add(job(2), 0);
    }, 0);
    vi.advanceTimersByTime(50);
    expect(done).toEqual([]);
    vi.advanceTimersByTime(50);
    expect(done).toEqual([2]);
  });
});
