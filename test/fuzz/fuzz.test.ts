// A short fuzz run of every target, the same each time, and what finds a broken rule when there is one.
import { describe, expect, it } from 'vitest';

import { TYPESCRIPT_TARGETS } from './all-targets.ts';
import { describeFailure, fuzzOne } from './fuzz-one.ts';
import { demand, type FuzzTarget, openNothing } from './fuzz-target.ts';
import { mutate } from './mutate.ts';
import { createRandom } from './random.ts';
import { fuzzTargets } from './run-typescript.ts';

const SEED = 20_260_101;
/** Those that go over a connection take milliseconds instead of microseconds. */
const EXECUTIONS: Readonly<Record<string, number>> = { discovery: 60, 'http-response': 100 };

describe('no rule is broken', () => {
  it.each(TYPESCRIPT_TARGETS)('by $name', async (target) => {
    const executions = EXECUTIONS[target.name] ?? 2000;
    const result = await fuzzOne(target, { seed: SEED, executions });
    const told = result.failure && describeFailure(target.name, SEED, result.failure);
    expect(told).toBeUndefined();
    expect(result.executions).toBe(executions);
  });
});

describe('a rule that is broken', () => {
  const target: FuzzTarget = {
    name: 'token',
    seeds: async () => [],
    maxBytes: 100_000,
    open: openNothing((input) => {
      demand(!input.includes('eyJ.'), 'there is no such thing');
    }),
  };

  it('is found, and told with what makes it again', async () => {
    const { failure, executions } = await fuzzOne(seeded(target), { seed: 7, seconds: 60 });
    expect(failure).toMatchObject({ execution: executions - 1 });
    const told = describeFailure('token', 7, failure!);
    expect(told).toContain('broken: there is no such thing');
    expect(told).toContain(failure!.input.toString('base64'));
    expect(told).toContain(`--target token --seed 7 --first ${failure!.execution} --executions 1`);
  });

  it('is broken again by the execution that is told', async () => {
    const { failure } = await fuzzOne(seeded(target), { seed: 7, seconds: 60 });
    const again = { seed: 7, first: failure!.execution, executions: 1 };
    expect((await fuzzOne(seeded(target), again)).failure?.input).toEqual(failure!.input);
  });

  it('makes a run fail that goes on with the other targets', async () => {
    const lines: string[] = [];
    const [other] = TYPESCRIPT_TARGETS.filter(({ name }) => name === 'reply');
    const options = {
      seconds: 120,
      executions: 3000,
      seed: 7,
      write: (x: string) => lines.push(x),
    };
    const fails: FuzzTarget = {
      ...seeded(target),
      open: openNothing(() => {
        demand(false, 'nothing holds');
      }),
    };
    expect(await fuzzTargets([fails, other!], { ...options, keep: async () => 'nowhere' })).toBe(1);
    expect(lines.at(-1)).toBe('2 targets, 3001 executions, 1 failures, seed 7');
    expect(lines.join('\n')).toContain('kept in nowhere');
  });
});

const material = { corpus: [Buffer.from('abc'), Buffer.alloc(0)], words: ['WORD'], maxBytes: 50 };

describe('mutations', () => {
  it('are the same for the same numbers, and others for others', () => {
    const some = Array.from({ length: 200 }, (_, n) => make(1, n));
    expect(Array.from({ length: 200 }, (_, n) => make(1, n))).toEqual(some);
    expect(Array.from({ length: 200 }, (_, n) => make(2, n))).not.toEqual(some);
    expect(new Set(some).size).toBeGreaterThan(100);
  });

  it('are never longer than the limit', () => {
    for (let n = 0; n < 2000; n += 1) {
      expect(mutate(createRandom(3, n), material).length).toBeLessThanOrEqual(50);
    }
  });
});

/** One of many mutations of the same corpus. */
function make(seed: number, n: number): string {
  return mutate(createRandom(seed, n), material).toString('hex');
}

/** With a corpus in which the rule is nearly broken. */
function seeded(target: FuzzTarget): FuzzTarget {
  return { ...target, seeds: async () => [Buffer.from('eyJhbGciOiJub25lIn0.e30.')] };
}
