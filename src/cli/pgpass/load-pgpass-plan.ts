// The plan in a pgpass.yaml, or its problems on standard error.
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parsePgpassConfig } from '../../client/config/parse-pgpass-config.ts';
import type { PgpassPlan } from '../../client/pgpass/pgpass-plan.ts';
import { codeOf } from '../../code-of.ts';
import { formatProblem, type Problem } from '../../config/problems.ts';
import { findPgpass } from './plan-pgpass.ts';

/** @returns undefined where there are problems, which have been told. */
export function loadPgpassPlan(file: string, once: boolean): PgpassPlan | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const code = codeOf(error) ?? 'an unknown error';
    process.stderr.write(
      `pgtoken: ${file} cannot be read (${code})\nHINT: Check the path of --config, and whether this user may read it.\n`,
    );
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
  process.stderr.write(parsed.problems.map((problem) => format(file, problem)).join(''));
  return undefined;
}

function format(file: string, problem: Problem): string {
  const hint = problem.hint === undefined ? '' : `HINT: ${problem.hint}\n`;
  return `pgtoken: ${formatProblem(file, problem)}\n${hint}`;
}
