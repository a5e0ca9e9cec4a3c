// `pgtoken sessions`: who is in, as the running daemon knows it.
import type { ShownSession } from '../../protocol/control.ts';
import { formatJSON } from '../output/format-json.ts';
import { reportProblem } from '../output/report-problem.ts';
import { askControl, problemOf } from '../control/ask-control.ts';
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
