// Tells each test as it ends, and what is under way while none does: whole systems start and stop in between.
import type { Reporter, TestCase } from 'vitest/node';

import { formatSeconds } from './format-seconds.ts';

type HookReporter = NonNullable<Reporter['onHookStart']>;

/**
 * @param write prints one line.
 * @param tell is told what is under way, whenever it changes.
 */
export function createTestTeller(
  write: (line: string) => void,
  tell: (underWay: string) => void,
): Reporter {
  const underWay = new Map<string, number>();
  let ended = 0;
  const changed = (): void => {
    tell(`${ended} tests so far${[...underWay.keys()].map((name) => `; ${name}`).join('')}`);
  };
  const begin = (name: string): void => {
    underWay.set(name, performance.now());
    changed();
  };
  /** @returns how long it took. */
  const end = (name: string): string => {
    const start = underWay.get(name) ?? performance.now();
    underWay.delete(name);
    changed();
    return formatSeconds(Math.round((performance.now() - start) / 1000));
  };
  return {
    onHookStart: (hook) => {
      begin(nameOfHook(hook));
    },
    onHookEnd: (hook) => {
      end(nameOfHook(hook));
    },
    onTestCaseReady: (test) => {
      begin(nameOf(test));
    },
    onTestCaseResult: (test) => {
      ended += 1;
      const duration = end(nameOf(test));
      const { state } = test.result();
      write(
        `  ${state === 'passed' ? '✓' : `${state.toUpperCase()}:`} ${nameOf(test)} (${duration})`,
      );
    },
  };
}

const nameOf = (test: TestCase): string => `${test.project.name}: ${test.fullName}`;

function nameOfHook({ name, entity }: Parameters<HookReporter>[0]): string {
  const what = name === 'afterAll' ? 'stopping what was started' : 'starting servers';
  const where =
    entity.type === 'module'
      ? entity.moduleId.slice(entity.moduleId.lastIndexOf('/') + 1)
      : entity.fullName;
  return `${entity.project.name}: ${what} for ${where}`;
}
