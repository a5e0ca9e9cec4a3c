// Clients that log in, one time after the other without a pause, until they are told to stop. Every attempt is recorded.
import { createRandom } from '../fuzz/random.ts';
import type { PostgresCluster } from '../support/postgres-cluster.ts';
import { tryLogin } from '../support/try-logins.ts';
import type { Logins } from './create-logins.ts';

/** One login with how it ended. */
export interface Attempt {
  readonly kind: string;
  readonly expected: string;
  /** What the client saw: `granted`, `refused`, or another end in its own words. */
  readonly outcome: string;
  /** When it began, as of `performance.now()`. */
  readonly start: number;
  /** Milliseconds from the connection to the answer. */
  readonly latency: number;
}

export interface Clients {
  readonly attempts: readonly Attempt[];
  /** Resolves when every login has ended that is under way now. */
  readonly settled: () => Promise<void>;
  /** Ends all clients after the logins under way. */
  readonly stop: () => Promise<void>;
}

export function runClients(
  cluster: PostgresCluster,
  logins: Logins,
  { count, seed }: { readonly count: number; readonly seed: number },
): Clients {
  const attempts: Attempt[] = [];
  const underWay = new Set<Promise<void>>();
  const ending = new AbortController();
  let numbers = 0;

  const attempt = async (random: ReturnType<typeof createRandom>): Promise<void> => {
    numbers += 1;
    const { kind, role, password, expected } = await logins.next(numbers, random);
    const start = performance.now();
    const answer = await tryLogin(cluster, { role, password });
    const latency = performance.now() - start;
    const refused = `PAM authentication failed for user "${role}"`;
    const outcome = answer === refused ? 'refused' : answer;
    attempts.push({ kind, expected, outcome, start, latency });
  };
  const client = async (id: number): Promise<void> => {
    const random = createRandom(seed, id);
    while (!ending.signal.aborted) {
      const running = attempt(random).finally(() => underWay.delete(running));
      underWay.add(running);
      await running;
    }
  };
  const clients = Array.from({ length: count }, async (_, id) => client(id));
  return {
    attempts,
    settled: async () => {
      await Promise.all(underWay);
    },
    stop: async () => {
      ending.abort();
      await Promise.all(clients);
    },
  };
}
