// Logins by the pg driver, many at a time, each with how it ended.
import type { Login, PostgresCluster } from './postgres-cluster.ts';

/** Logs in and out again. @returns `granted`, or what the client was told. Never rejects. */
export async function tryLogin(cluster: PostgresCluster, login: Login): Promise<string> {
  try {
    const client = await cluster.connect(login);
    await client.end();
    return 'granted';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** That many logins at once; how often each outcome came. */
export async function tryLogins(
  cluster: PostgresCluster,
  login: Login,
  count: number,
): Promise<Readonly<Record<string, number>>> {
  const outcomes = await Promise.all(
    Array.from({ length: count }, async () => tryLogin(cluster, login)),
  );
  return countOutcomes(outcomes);
}

/** How often each outcome stands in a list. */
export function countOutcomes(outcomes: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const outcome of outcomes) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}
