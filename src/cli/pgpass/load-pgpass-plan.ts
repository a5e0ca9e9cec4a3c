// The plan in a pgpass.yaml, or its problems on standard error.
import { dirname, resolve } from 'node:path';
import { parsePgpassConfig } from '../../client/config/parse-pgpass-config.ts';
import type { PgpassPlan } from '../../client/pgpass/pgpass-plan.ts';
import { readConfigFile, tellProblems } from '../output/read-client-config.ts';
import { findPgpass } from './plan-pgpass.ts';

/** @returns undefined where there are problems, which have been told. */
export function loadPgpassPlan(file: string, once: boolean): PgpassPlan | undefined {
  const text = readConfigFile(file);
  if (text === undefined) {
    return undefined;
  }
  const parsed = parsePgpassConfig(text, {
    folder: dirname(resolve(file)),
    defaultFile: findPgpass(undefined, process.env),
    once,
  });
  if (parsed.ok) {
    return parsed.plan;
  }
  tellProblems(file, parsed.problems);
  return undefined;
}
