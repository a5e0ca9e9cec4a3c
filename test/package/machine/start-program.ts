// Programs that run in a root folder for as long as a test takes: servers, daemons.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { SCRIPTS } from './root-folder.ts';

/** A program that runs in a root folder. */
export interface Program {
  readonly output: () => string;
  readonly ended: Promise<unknown>;
  /** The process that the script has become, as the host sees it. */
  readonly pid: () => number;
  /** Signals the program that the script has become. */
  readonly signal: (name: NodeJS.Signals) => void;
  readonly kill: () => Promise<void>;
}

/** Runs a script in a root folder until it is killed; nothing that it starts outlives it. */
export function startProgram(root: string, script: string): Program {
  const child: ChildProcess = spawn(join(SCRIPTS, 'in-root.sh'), [root, 'sh', '-euc', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] },
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  }
  const ended = once(child, 'close');
  // The only child of unshare(1), and init of its namespace.
  const pid = (): number =>
    Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim());
  const signal = (name: NodeJS.Signals): void => {
    process.kill(pid(), name);
  };
  return {
    output: () => text,
    ended,
    pid,
    signal,
    kill: async () => {
      if (child.exitCode === null) signal('SIGKILL');
      await ended;
    },
  };
}
