// `pgtoken sessions end`: shows which sessions are meant, and ends them when told to.
import type { ShownSession } from '../../protocol/control.ts';
import { formatJSON } from '../output/format-json.ts';
import { count } from '../output/report.ts';
import { reportProblem } from '../output/report-problem.ts';
import { askControl, problemOf } from '../control/ask-control.ts';
import { formatSessions } from './format-sessions.ts';
import { fetchSessions, type SessionsOptions } from './sessions.ts';

/** The options of `pgtoken sessions end`. */
export interface EndSessionsOptions extends SessionsOptions {
  readonly pid?: string;
  readonly role?: string;
  readonly subject?: string;
  readonly entry?: string;
  readonly server?: string;
  readonly yes: boolean;
}

/** Shows and ends sessions. @returns the exit status. */
export async function endSessions(options: EndSessionsOptions): Promise<number> {
  const { control, json, yes } = options;
  const isMeant = selectBy(options);
  if (isMeant === undefined) {
    reportProblem({
      problem: 'nothing says which sessions are meant',
      hint: 'Give --pid, --role, --subject, --entry or --server, or several of them.',
    });
    return 2;
  }
  const sessions = (await fetchSessions(control))?.filter(isMeant);
  if (sessions === undefined) {
    return 2;
  }
  process.stdout.write(json ? formatJSON(sessions) : formatSessions(sessions, Date.now() / 1000));
  if (sessions.length === 0) {
    return 0;
  }
  if (!yes) {
    process.stderr.write(
      `pgtoken: nothing has ended; with --yes ${count(sessions.length, 'session')} would\n`,
    );
    return 0;
  }
  const reply = await askControl(control, { ask: 'end', ids: sessions.map(({ id }) => id) });
  if (!('ended' in reply)) {
    reportProblem(problemOf(reply));
    return 2;
  }
  const left = sessions.length - reply.ended.length;
  process.stderr.write(`pgtoken: ${count(reply.ended.length, 'session')} told to end\n`);
  if (left > 0) {
    process.stderr.write(
      `pgtoken: ${count(left, 'session')} not: over by now, or still logging in\n`,
    );
  }
  return left > 0 ? 1 : 0;
}

function selectBy(options: EndSessionsOptions): ((session: ShownSession) => boolean) | undefined {
  const { pid, role, subject, entry, server } = options;
  if ([pid, role, subject, entry, server].every((one) => one === undefined)) {
    return undefined;
  }
  return (session) =>
    (pid === undefined || String(session.pid) === pid) &&
    (role === undefined || session.role === role) &&
    (subject === undefined || session.subject === subject) &&
    (entry === undefined || session.issuer === entry) &&
    (server === undefined || session.server === server);
}
