// Makes the sources of several plans: those that are the same share one, which is asked once for all of them.
import type { Clock } from '../../clock.ts';
import type { ClientLog } from '../client-log.ts';
import type { TokenSource } from '../token/token-source.ts';
import { createSource } from './create-source.ts';
import type { SourcePlan } from './source-plan.ts';

/** What they need of their surroundings. */
export interface SourcesEnvironment {
  readonly clock: Clock;
  readonly env: NodeJS.ProcessEnv;
  readonly log: ClientLog;
}

/** @returns each plan with its source, in their order. */
export async function createSources<P extends { readonly source: SourcePlan }>(
  plans: readonly P[],
  { clock, env, log }: SourcesEnvironment,
): Promise<readonly { readonly plan: P; readonly source: TokenSource }[]> {
  const shared = new Map<string, TokenSource>();
  const sourced: { plan: P; source: TokenSource }[] = [];
  for (const plan of plans) {
    const name = JSON.stringify(plan.source);
    const source =
      shared.get(name) ??
      (await createSource(plan.source, {
        clock,
        env,
        onError: (program, line) => {
          log.warn({ source: program, line }, 'the program of a source said');
        },
      }));
    shared.set(name, source);
    sourced.push({ plan, source });
  }
  return sourced;
}
