// Runs pooler.c: many logins in one process, in one thread or in many.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { z } from 'zod';

import { run } from '../support/run.ts';
import { temporaryFolder, type Build, type Services } from './support.ts';

export interface PoolerLogin {
  readonly service: string;
  readonly user: string;
  readonly token: string;
}

export interface PoolerOptions {
  readonly services: Services;
  /** What the threads go round. */
  readonly logins: readonly PoolerLogin[];
  readonly threads: number;
  /** Logins of each thread. */
  readonly calls: number;
  /** What stands before the program, such as valgrind. */
  readonly wrapper?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const state = z.strictObject({
  descriptors: z.number(),
  threads: z.number(),
  children: z.boolean(),
});
const answer = z.strictObject({
  before: state,
  after: state,
  logins: z.array(z.record(z.string(), z.number())),
});

export interface PoolerResult {
  readonly status: number | undefined;
  readonly stderr: string;
  /** What of the process was there before the first login and after the last. */
  readonly before: z.output<typeof state>;
  readonly after: z.output<typeof state>;
  /** For each of the logins how often which result came. */
  readonly outcomes: readonly Readonly<Record<string, number>>[];
}

const NAMES: Readonly<Record<string, string>> = {
  0: 'granted',
  3: 'misconfigured',
  7: 'denied',
  9: 'unavailable',
};

const hex = (text: string): string => Buffer.from(text).toString('hex');

/** Runs it to its end; throws when it has not said how things stand. */
export async function runPooler(using: Build, options: PoolerOptions): Promise<PoolerResult> {
  const folder = mkdtempSync(join(temporaryFolder(), 'pooler-'));
  const confdir = mkdtempSync(join(folder, 'pam.d-'));
  for (const [service, lines] of Object.entries(options.services)) {
    const text = `${lines.join('\n')}\n`.replaceAll('MODULE', using.module);
    writeFileSync(join(confdir, service), text);
  }
  const syslog = join(folder, 'syslog');
  writeFileSync(syslog, '');
  const program = [using.pooler, confdir, String(options.threads), String(options.calls)];
  const [command = '', ...args] = [...(options.wrapper ?? []), ...program];
  const { status, signal, stdout, stderr } = await run(command, args, {
    env: { PGTOKEN_TEST_SYSLOG: syslog, UBSAN_OPTIONS: 'print_stacktrace=1', ...options.env },
    stdin: options.logins
      .map(({ service, user, token }) => `${[service, user, token].map(hex).join(' ')}\n`)
      .join(''),
    hangLimit: 300_000,
  });
  if (stdout === '') throw new Error(`${command} ended with ${signal ?? status}:\n${stderr}`);
  const { before, after, logins } = answer.parse(JSON.parse(stdout));
  const named = logins.map((counts) =>
    Object.fromEntries(Object.entries(counts).map(([code, count]) => [NAMES[code] ?? code, count])),
  );
  return { status, stderr, before, after, outcomes: named };
}
