// What follows a change of the .pgpass, for programs that read it only when they are told to.
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { codeOf } from '../../code-of.ts';
import { hideTokens } from '../../hide-tokens.ts';
import { quote } from '../../quote.ts';
import type { ClientLog } from '../client-log.ts';
import type { AfterChangePlan } from './pgpass-plan.ts';

/** What it needs of its surroundings. */
export interface AfterChangeOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly log: ClientLog;
  readonly signal: AbortSignal;
  /** Default: that of this process. */
  readonly kill?: (pid: number, signal: 'SIGHUP') => void;
}

/** Seconds that a program may take. */
const DEADLINE = 30;

/**
 * Creates what tells them. Changes while it does so are told once more after it, together.
 *
 * @returns a function that resolves when all have been told. It never rejects: what fails is in the log.
 */
export function createAfterChange(
  plan: AfterChangePlan,
  options: AfterChangeOptions,
): () => Promise<void> {
  const { env, log, signal, kill = (pid, name) => process.kill(pid, name) } = options;
  const tellAll = async (): Promise<void> => {
    if (plan.signal !== undefined) {
      const failed = await sendSignal(plan.signal, kill);
      if (failed !== undefined) {
        log.warn({ process: plan.signal, reason: failed }, 'a process could not be sent SIGHUP');
      }
    }
    if (plan.exec !== undefined) {
      const program = basename(plan.exec[0]);
      const { runProgram } = await import('../sources/run-program.ts');
      const run = await runProgram(plan.exec, {
        deadline: DEADLINE,
        env,
        onError: (line) => {
          log.warn({ program, line: hideTokens(line) }, 'a program said');
        },
        signal,
      });
      if (!run.ok) {
        log.warn({ program, reason: run.reason }, 'a program that follows a change has failed');
      }
    }
  };
  let isDue = false;
  let telling: Promise<void> | undefined;
  const tell = async (): Promise<void> => {
    while (isDue) {
      isDue = false;
      await tellAll();
    }
    telling = undefined;
  };
  return async () => {
    isDue = true;
    telling ??= tell();
    return telling;
  };
}

/** @returns why it could not be sent. */
async function sendSignal(
  process: string,
  kill: (pid: number, signal: 'SIGHUP') => void,
): Promise<string | undefined> {
  try {
    const text = /^[0-9]+$/.test(process) ? process : await readFile(process, 'utf8');
    // PostgreSQL's has the process ID in its first line, and more below.
    const [line = ''] = text.split('\n', 1);
    // Neither 0 nor a negative number, which are groups of processes.
    if (!/^[1-9][0-9]{0,9}\s*$/.test(line)) {
      return `expected a process ID, saw ${quote(line)}`;
    }
    kill(Number(line), 'SIGHUP');
    return undefined;
  } catch (error) {
    return codeOf(error) ?? 'an unknown error';
  }
}
