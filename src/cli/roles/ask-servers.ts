// The servers in which entries provision roles, asked one after the other.
import { monotonicClock } from '../../clock.ts';
import type { Policy } from '../../policy/policy.ts';
import { provisionServersOf } from '../../policy/provision-server.ts';
import { createServerClient, type ServerClient } from '../../postgres/server-client.ts';
import { ServerError } from '../../postgres/server-error.ts';
import { toPrintable } from '../../protocol/format-reply.ts';
import { quote } from '../../quote.ts';
import { loadPolicyOrReport } from '../output/report.ts';
import { reportProblem } from '../output/report-problem.ts';

/** Which servers, and where they are written. */
export interface ServerChoice {
  readonly config: string;
  /** By its name; default: all in which entries provision roles. */
  readonly server?: string;
}

/** A server that can be asked. */
export interface AskedServer {
  readonly name: string;
  readonly client: ServerClient;
}

/**
 * Asks each, and goes on where one does not answer.
 *
 * @returns their answers, and whether all have; undefined where there is nothing to ask. What is wrong is printed.
 */
export async function askServers<T>(
  choice: ServerChoice,
  ask: (server: AskedServer) => Promise<T>,
): Promise<{ readonly answers: readonly T[]; readonly isComplete: boolean } | undefined> {
  const policy = await loadPolicyOrReport(choice.config, process.stderr);
  const servers = policy && chooseServers(policy, choice);
  if (servers === undefined) {
    return undefined;
  }
  const answers: T[] = [];
  for (const { name, connection } of servers) {
    const client = createServerClient(connection, { monotonicClock });
    try {
      answers.push(await ask({ name, client }));
    } catch (error) {
      if (!(error instanceof ServerError)) {
        throw error;
      }
      reportProblem({ problem: `server ${name}: ${toPrintable(error.message)}`, hint: error.hint });
    } finally {
      client.close();
    }
  }
  return { answers, isComplete: answers.length === servers.length };
}

function chooseServers(
  policy: Policy,
  { config, server: wanted }: ServerChoice,
): Policy['servers'] | undefined {
  const { servers } = policy;
  const chosen =
    wanted === undefined
      ? provisionServersOf(policy)
      : servers.filter(({ name }) => name === wanted);
  if (chosen.length > 0) {
    return chosen;
  }
  if (wanted === undefined) {
    reportProblem({
      problem: `no entry of ${config} provisions roles`,
      hint: 'Name a server that has managed roles with --server.',
    });
  } else {
    const known = servers.map(({ name }) => name).join(', ') || 'none';
    reportProblem({
      problem: `there is no server ${quote(wanted)} in ${config}; it has ${known}`,
      hint: 'Name one of its servers with --server.',
    });
  }
  return undefined;
}
