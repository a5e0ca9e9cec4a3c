// What systemd is told, and when.
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import type { ConfigStatus } from '../../src/daemon/reload/follow-config.ts';
import { createTellSystemd, type RunNotify } from '../../src/daemon/tell-systemd.ts';

const GOOD: ConfigStatus = { inForce: { hash: 'x', issuers: 2 }, problems: [] };
const NONE: ConfigStatus = {
  inForce: undefined,
  problems: ['issuers.yaml:1:1: no such file', 'more'],
};
const OLD: ConfigStatus = {
  inForce: { hash: 'x', issuers: 1 },
  problems: ['issuers.yaml:2:1: bad'],
};

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

function create(env: NodeJS.ProcessEnv = { NOTIFY_SOCKET: '/run/systemd/notify' }) {
  const calls: (readonly string[])[] = [];
  const pending: ((error: Error | null) => void)[] = [];
  const warnings: unknown[] = [];
  const run: RunNotify = (args, done) => {
    calls.push(args);
    pending.push(done);
  };
  const logger = { warn: (...args: unknown[]) => void warnings.push(args) };
  const tell = createTellSystemd(env, logger, run);
  const end = (error: Error | null = null): void => {
    pending.shift()?.(error);
  };
  return { tell, calls, end, warnings };
}

it('is nothing where it has not asked', () => {
  const { tell, calls } = create({});
  tell(GOOD);
  expect(calls).toEqual([]);
});

it('is ready when a configuration is in force, and how it stands each time', () => {
  const { tell, calls, end } = create();
  for (const status of [NONE, GOOD, OLD]) {
    tell(status);
    end();
  }
  expect(calls).toEqual([
    ['--status=nobody can log in: issuers.yaml:1:1: no such file'],
    ['--ready', '--status=2 issuers in force'],
    ['--status=1 issuer in force, by an older configuration: issuers.yaml:2:1: bad'],
  ]);
});

it('is one thing after the other, of those that wait the last, and readiness in any case', () => {
  const { tell, calls, end } = create();
  tell(NONE);
  tell(GOOD);
  tell(NONE);
  tell(OLD);
  expect(calls).toHaveLength(1);
  end();
  expect(calls.slice(1)).toEqual([
    ['--ready', '--status=1 issuer in force, by an older configuration: issuers.yaml:2:1: bad'],
  ]);
});

it('is one short line of printable ASCII', () => {
  const { tell, calls } = create();
  tell({ inForce: undefined, problems: [`a\nb\u{e9}${'x'.repeat(1000)}`] });
  expect(calls[0]).toEqual([
    expect.stringMatching(/^--status=nobody can log in: a\?b\?x{270,280}$/),
  ]);
});

it('is a warning when it cannot be told, and told again after a while, readiness in any case', () => {
  const { tell, calls, end, warnings } = create();
  tell(GOOD);
  end(new Error('spawn systemd-notify ENOENT\nmore'));
  expect(warnings).toEqual([
    [{ reason: 'spawn systemd-notify ENOENT' }, 'systemd could not be told'],
  ]);
  vi.runAllTimers();
  expect(calls.slice(1)).toEqual([['--ready', '--status=2 issuers in force']]);
  tell(OLD);
  end(new Error('timed out'));
  vi.runAllTimers();
  expect(calls.slice(2)).toEqual([
    ['--ready', '--status=1 issuer in force, by an older configuration: issuers.yaml:2:1: bad'],
  ]);
  end();
  vi.runAllTimers();
  expect(calls).toHaveLength(3);
});
