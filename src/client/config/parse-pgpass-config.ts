// Turns the text of pgpass.yaml into a plan, or into all of its problems at once, each with its place.
import { resolve } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import { messageOf } from '../../message-of.ts';
import { describeIssue, type Problem, sortProblems } from '../../config/problems.ts';
import { createLocate } from '../../config/yaml/locate.ts';
import { countValues, describeYAMLErrors, toPrintable } from '../../config/yaml/yaml-problems.ts';
import type { Argv } from '../sources/run-program.ts';
import type { SourcePlan } from '../sources/source-plan.ts';
import type { LinePlan, PgpassPlan } from '../pgpass/pgpass-plan.ts';
import { type PgpassConfig, pgpassSchema } from './pgpass-schema.ts';

/** A plan, or what is wrong with the text. */
export type ParsedPgpassConfig =
  | { readonly ok: true; readonly plan: PgpassPlan }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** What a plan needs besides. */
export interface PgpassConfigOptions {
  /** The folder that relative paths count from. */
  readonly folder: string;
  /** The .pgpass where the text names none. */
  readonly defaultFile: string;
  readonly once: boolean;
}

/** Hundreds of lines have a few thousand. */
const MAX_VALUES = 15_000;
const HINT =
  'docs/connect/pgpass.md has every key; with pgtoken pgpass --schema an editor completes them.';

/** Parses and validates it. Never throws for any text. */
export function parsePgpassConfig(text: string, options: PgpassConfigOptions): ParsedPgpassConfig {
  const start = { path: [], line: 1, column: 1 };
  if (countValues(text) > MAX_VALUES) {
    const message = `Invalid YAML: over ${MAX_VALUES} values; expected at most that`;
    return { ok: false, problems: [{ ...start, message }] };
  }
  const counter = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: counter,
    prettyErrors: false,
    stringKeys: true,
    logLevel: 'error',
  });
  const broken = describeYAMLErrors(document, counter);
  if (broken.length > 0) {
    return { ok: false, problems: broken };
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    const message = `Invalid YAML: ${toPrintable(messageOf(error))}`;
    return { ok: false, problems: [{ ...start, message }] };
  }
  const result = pgpassSchema.safeParse(value, { reportInput: true });
  if (result.success) {
    return { ok: true, plan: toPlan(result.data, options) };
  }
  const locate = createLocate(document, counter);
  const problems = result.error.issues.flatMap((issue) =>
    describeIssue(issue, () => []).map(({ atKey, hint, ...problem }) => ({
      ...problem,
      // Those of issuers.yaml lead to its own page.
      ...(hint === undefined ? {} : { hint: hint.includes('configuration.md') ? HINT : hint }),
      ...locate(problem.path, atKey),
    })),
  );
  return { ok: false, problems: sortProblems(problems) };
}

function toPlan(config: PgpassConfig, options: PgpassConfigOptions): PgpassPlan {
  const { folder, defaultFile, once } = options;
  const { file, mode, lines, afterChange, readyFile, health } = config;
  const { signal, exec } = afterChange;
  return {
    file: file === undefined ? defaultFile : resolve(folder, file),
    mode,
    lines: lines.map((line) => toLine(line, folder)),
    once,
    afterChange: {
      ...(signal === undefined ? {} : { signal: toProcess(signal, folder) }),
      ...(exec === undefined ? {} : { exec: toArgv(exec) }),
    },
    ...(readyFile === undefined ? {} : { readyFile: resolve(folder, readyFile) }),
    ...(health === undefined ? {} : { health }),
  };
}

function toLine(line: PgpassConfig['lines'][number], folder: string): LinePlan {
  const { host, port, database, user, userFrom, token } = line;
  return {
    host,
    port: String(port),
    database,
    user:
      userFrom === undefined ? { kind: 'name', name: user ?? '' } : { kind: 'claim', ...userFrom },
    source: toSource(token, folder),
  };
}

/** The schema has seen that there is exactly one. */
function toSource(
  {
    file = '',
    exec,
    gcpMetadata,
    azureIMDS,
    azureFederation,
  }: PgpassConfig['lines'][number]['token'],
  folder: string,
): SourcePlan {
  if (exec !== undefined) {
    return { kind: 'exec', argv: toArgv(exec.command), deadline: exec.timeout };
  }
  if (gcpMetadata !== undefined) {
    return { kind: 'gcp-metadata', ...gcpMetadata };
  }
  if (azureIMDS !== undefined) {
    return { kind: 'azure-imds', resource: azureIMDS.resource, clientID: azureIMDS.clientID };
  }
  return azureFederation === undefined
    ? { kind: 'file', path: resolve(folder, file) }
    : { kind: 'azure-federation', ...azureFederation };
}

function toArgv([program = '', ...args]: readonly string[]): Argv {
  return [program, ...args];
}

function toProcess(signal: string, folder: string): string {
  return /^[0-9]+$/.test(signal) ? signal : resolve(folder, signal);
}
