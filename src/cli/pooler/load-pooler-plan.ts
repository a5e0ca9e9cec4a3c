// The plan in a pooler.yaml, or its problems on standard error.
import { dirname, resolve } from 'node:path';
import { parsePoolerConfig } from '../../client/config/parse-pooler-config.ts';
import type { PoolerPlan } from '../../client/pooler/pooler-plan.ts';
import { readConfigFile, tellProblems } from '../output/read-client-config.ts';

/** @returns undefined where there are problems, which have been told. */
export function loadPoolerPlan(file: string): PoolerPlan | undefined {
  const text = readConfigFile(file);
  if (text === undefined) {
    return undefined;
  }
  const parsed = parsePoolerConfig(text, dirname(resolve(file)));
  if (parsed.ok) {
    return parsed.plan;
  }
  tellProblems(file, parsed.problems);
  return undefined;
}
