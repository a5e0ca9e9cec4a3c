// What the health of a .pgpass is: `/livez` while the process runs, `/readyz` while every line has a token that has not expired,
// and in the body what is known of each line.
import type { HealthAnswer } from '../health/serve-health.ts';
import type { Keeper } from './keep-pgpass.ts';

/** Answers for a keeper. */
export function answerHealth(
  keeper: Pick<Keeper, 'isReady' | 'lines'>,
): (path: string) => HealthAnswer | undefined {
  return (path) => {
    if (path !== '/livez' && path !== '/readyz') {
      return undefined;
    }
    const ready = keeper.isReady();
    return {
      status: path === '/livez' || ready ? 200 : 503,
      body: `${JSON.stringify({ ready, lines: keeper.lines() })}\n`,
    };
  };
}
