// `pgtoken sessions`: who is in, as the running daemon knows it.
import type { ShownSession } from '../../protocol/control.ts';
import { formatJSON } from '../output/format-json.ts';
import { askControl } from './ask-control.ts';
import { formatSessions } from './format-sessions.ts';

/** The options of `pgtoken sessions`. */
export interface SessionsOptions {
  readonly control: string;
  readonly json: boolean;
}

/** Prints the sessions. @returns the exit status. */
export async function showSessions({ control, json }: SessionsOptions): Promise<number> {
  const sessions = await fetchSessions(control);
  if (sessions === undefined) {
    return 2;
  }
  process.stdout.write(json ? formatJSON(sessions) : formatSessions(sessions, Date.now() / 1000));
  return 0;
}

/** Asks for the sessions. @returns undefined where the daemon cannot be asked, which is printed then. */
export async function fetchSessions(control: string): Promise<readonly ShownSession[] | undefined> {
  const reply = await askControl(control, { ask: 'sessions' });
  if ('sessions' in reply) {
    return reply.sessions;
  }
  reportProblem(problemOf(reply));
  return undefined;
}

/** Why a reply is not the one that was asked for. */
export function problemOf(reply: Awaited<ReturnType<typeof askControl>>): Problem {
  return 'problem' in reply ? reply : { problem: 'the daemon has given another answer' };
}

interface Problem {
  readonly problem: string;
  readonly hint?: string;
}

/** Prints why the daemon could not be asked. */
export function reportProblem({ problem, hint }: Problem): void {
  process.stderr.write(`pgtoken: ${problem}\n${hint === undefined ? '' : `HINT: ${hint}\n`}`);
}
