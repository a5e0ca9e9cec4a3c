// The lines of the log as their destination gets them.
import { closeSync, fstatSync, openSync } from 'node:fs';

import { expect, it } from 'vitest';

import { createLogger } from '../../src/log/create-logger.ts';
import { isJournal } from '../../src/log/is-journal.ts';

function logAll(options?: Parameters<typeof createLogger>[1]): string[] {
  const lines: string[] = [];
  const logger = createLogger({ write: (line) => void lines.push(line) }, options);
  logger.info('one');
  logger.warn({ path: '/x' }, 'two');
  logger.error('three');
  logger.fatal('four');
  return lines;
}

it('are JSON with a level', () => {
  const lines = logAll().map((line) => JSON.parse(line) as unknown);
  expect(lines).toMatchObject([
    { level: 'info', msg: 'one' },
    { level: 'warn', path: '/x', msg: 'two' },
    { level: 'error', msg: 'three' },
    { level: 'fatal', msg: 'four' },
  ]);
});

it('have the priority of their level in front for a journal', () => {
  const plain = logAll().map((line) => line.replace(/"time":"[^"]*"/, ''));
  const withPriorities = logAll({ withPriorities: true }).map((line) =>
    line.replace(/"time":"[^"]*"/, ''),
  );
  expect(withPriorities).toEqual(
    ['<6>', '<4>', '<3>', '<2>'].map((priority, at) => `${priority}${plain[at]}`),
  );
});

it('are no reason to fail where they cannot be written', () => {
  const logger = createLogger({
    write: () => {
      throw new Error('no room');
    },
  });
  expect(() => {
    logger.info('one');
  }).not.toThrow();
});

it('a descriptor leads to the journal when systemd says so of this very one', () => {
  const fd = openSync('/dev/null', 'w');
  const { dev, ino } = fstatSync(fd, { bigint: true });
  try {
    expect(isJournal(fd, { JOURNAL_STREAM: `${dev}:${ino}` })).toBe(true);
    expect(isJournal(fd, { JOURNAL_STREAM: `${dev}:${ino + 1n}` })).toBe(false);
    expect(isJournal(fd, { JOURNAL_STREAM: '' })).toBe(false);
    expect(isJournal(fd, {})).toBe(false);
  } finally {
    closeSync(fd);
  }
  // Not open any more.
  expect(isJournal(fd, { JOURNAL_STREAM: `${dev}:${ino}` })).toBe(false);
});
