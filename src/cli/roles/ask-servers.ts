// The servers in which entries provision roles, asked one after the other.
import { monotonicClock } from '../../clock.ts';
import type { Policy } from '../../policy/policy.ts';
import { createServerClient, type ServerClient } from '../../postgres/server-client.ts';
import { ServerError } from '../../postgres/server-error.ts';
import { toPrintable } from '../../protocol/format-reply.ts';
import { quote } from '../../quote.ts';
import { loadPolicyOrReport } from '../output/report.ts';

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
      reportProblem(`server ${name}: ${toPrintable(error.message)}`, error.hint);
    } finally {
      client.close();
    }
  }
  return { answers, isComplete: answers.length === servers.length };
}

function chooseServers(
  { issuers, servers }: Policy,
  { config, server: wanted }: ServerChoice,
): Policy['servers'] | undefined {
  const provisioned = new Set(
    issuers.flatMap(({ entry: { provision } }) =>
      provision === undefined ? [] : [provision.server ?? servers[0]?.name],
    ),
  );
  const chosen = servers.filter(({ name }) =>
    wanted === undefined ? provisioned.has(name) : name === wanted,
  );
  if (chosen.length > 0) {
    return chosen;
  }
  if (wanted === undefined) {
    reportProblem(
      `no entry of ${config} provisions roles`,
      'Name a server that has managed roles with --server.',
    );
  } else {
    const known = servers.map(({ name }) => name).join(', ') || 'none';
    reportProblem(
      `there is no server ${quote(wanted)} in ${config}; it has ${known}`,
      'Name one of its servers with --server.',
    );
  }
  return undefined;
}

function reportProblem(problem: string, hint: string | undefined): void {
  process.stderr.write(`pgtoken: ${problem}\n${hint === undefined ? '' : `HINT: ${hint}\n`}`);
}
