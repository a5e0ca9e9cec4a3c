// What a monitoring system is told of a host.
import { describe, expect, it } from 'vitest';

import { formatCheck, formatUnknown } from '../../../src/cli/doctor/format-check.ts';
import type { Finding, Level } from '../../../src/doctor/finding.ts';

function found(level: Level, subject: string, message: string): Finding {
  const isFault = level === 'failure' || level === 'warning';
  return {
    topic: 'socket',
    level,
    fault: isFault ? 'socket-missing' : undefined,
    subject,
    message,
    hint: undefined,
  };
}

describe('a plugin', () => {
  it.each<[what: string, findings: readonly Finding[], text: string, status: number]>([
    ['nothing', [], 'PGTOKEN OK - 0 failures, 0 warnings | failures=0 warnings=0\n', 0],
    [
      'what is in order, and notes',
      [found('ok', '/run/x', 'is there'), found('note', '/run/x', 'surprises')],
      'PGTOKEN OK - 0 failures, 0 warnings | failures=0 warnings=0\n',
      0,
    ],
    [
      'a warning',
      [found('ok', '/run/x', 'is there'), found('warning', '/run/x', 'is odd')],
      'PGTOKEN WARNING - 0 failures, 1 warning | failures=0 warnings=1\nwarning socket-missing: /run/x: is odd\n',
      1,
    ],
    [
      'failures, which come first',
      [
        found('warning', 'b', 'is odd'),
        found('failure', 'a', 'is gone'),
        found('failure', 'c', 'too'),
      ],
      'PGTOKEN CRITICAL - 2 failures, 1 warning | failures=2 warnings=1\nfailure socket-missing: a: is gone\nfailure socket-missing: c: too\nwarning socket-missing: b: is odd\n',
      2,
    ],
    [
      'a message with a bar, line breaks and control characters, which cannot add figures or lines',
      [found('failure', 'a|b', 'x | failures=0\nPGTOKEN OK\u001b[0m')],
      'PGTOKEN CRITICAL - 1 failure, 0 warnings | failures=1 warnings=0\nfailure socket-missing: a/b: x / failures=0?PGTOKEN OK?[0m\n',
      2,
    ],
  ])('is told of %s', (_what, findings, text, status) => {
    expect(formatCheck(findings)).toEqual({ text, status });
  });

  it('is told where nothing could be examined', () => {
    expect(formatUnknown('--db: it is neither | nor')).toBe(
      'PGTOKEN UNKNOWN - --db: it is neither / nor\n',
    );
  });
});
