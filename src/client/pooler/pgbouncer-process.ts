// PgBouncer as a process: started, listened to, ended.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { codeOf } from '../../code-of.ts';
import { INI_FILE, PID_FILE } from './render-files.ts';

/** A line that it has said. */
export interface SaidLine {
  readonly level: 'info' | 'warn' | 'error';
  readonly text: string;
}

/** PgBouncer while it runs, and what became of it. */
export interface PgBouncerProcess {
  readonly pid: number | undefined;
  /** Resolves when it has ended, with how. Never rejects. */
  readonly ended: Promise<string>;
  readonly kill: (signal: 'SIGQUIT' | 'SIGKILL') => void;
}

/** Starts it. @param onLine gets what it says, which may hold a token. */
export function startPgBouncer(
  path: string,
  folder: string,
  onLine: (line: SaidLine) => void,
): PgBouncerProcess {
  let child: ChildProcess;
  const { promise: ended, resolve } = Promise.withResolvers<string>();
  try {
    child = spawn(path, [join(folder, INI_FILE)], {
      cwd: folder,
      // Nothing of ours: credentials of sources may be in it.
      env: { PATH: process.env['PATH'] },
      stdio: ['ignore', 'ignore', 'pipe'],
      // Of a group of its own: what a terminal sends is for us to pass on.
      detached: true,
    });
  } catch (error) {
    resolve(`it cannot be started (${codeOf(error) ?? 'an unknown error'})`);
    return { pid: undefined, ended, kill: () => undefined };
  }
  let rest = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    const lines = `${rest}${text}`.split('\n');
    // A line that does not end is cut.
    rest = lines.pop()?.slice(0, MAX_LINE) ?? '';
    lines.forEach((line) => {
      onLine(readLine(line));
    });
  });
  child.on('error', (error) => {
    resolve(`it cannot be started (${codeOf(error) ?? 'an unknown error'})`);
  });
  child.on('exit', (status, signal) => {
    resolve(signal === null ? `it ended with status ${status}` : `it was ended by ${signal}`);
  });
  return {
    pid: child.pid,
    ended,
    kill: (signal) => {
      child.kill(signal);
    },
  };
}

const MAX_LINE = 8192;
const LEVELS: Readonly<Record<string, SaidLine['level']>> = {
  WARNING: 'warn',
  ERROR: 'error',
  FATAL: 'error',
};

function readLine(line: string): SaidLine {
  const [, level = '', text = line] = /^\S+ \S+ \S+ \[\d+\] ([A-Z]+) (.*)$/.exec(line) ?? [];
  return { level: LEVELS[level] ?? 'info', text: text.slice(0, MAX_LINE) };
}

/** Milliseconds that one that was left behind gets to end by itself, and between two looks at it. */
const END_LIMIT = 5000;
const LOOK = 50;

/**
 * Ends a PgBouncer that a pooler before this one has left behind when it was killed: it would keep the port, with tokens that
 * nobody renews. Only one that was started with this folder's own pgbouncer.ini.
 *
 * @returns its process ID; undefined where there was none.
 */
export async function endOrphan(folder: string): Promise<number | undefined> {
  const text = await readFile(join(folder, PID_FILE), 'utf8').catch(() => '');
  const pid = /^[1-9][0-9]{0,9}\s*$/.test(text) ? Number(text) : undefined;
  if (pid === undefined || !(await isOurs(pid, folder))) {
    return undefined;
  }
  for (let waited = 0; await isOurs(pid, folder); waited += LOOK) {
    try {
      process.kill(pid, waited < END_LIMIT ? 'SIGQUIT' : 'SIGKILL');
    } catch {
      // It has just ended.
    }
    if (waited > 2 * END_LIMIT) {
      break;
    }
    await delay(LOOK);
  }
  return pid;
}

/** By its command line: the ID may be another process's by now. */
async function isOurs(pid: number, folder: string): Promise<boolean> {
  const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return line.split('\0').includes(join(folder, INI_FILE));
}
