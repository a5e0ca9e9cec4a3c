// Turns the text of pgpass.yaml into a plan, or into all of its problems at once, each with its place.
import { resolve } from 'node:path';
import type { Problem } from '../../config/problems.ts';
import type { LinePlan, PgpassPlan } from '../pgpass/pgpass-plan.ts';
import { type PgpassConfig, pgpassSchema } from './pgpass-schema.ts';
import { readClientConfig } from './read-client-config.ts';
import { toArgv, toSource } from './token-schema.ts';

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

const HINT =
  'docs/connect/pgpass.md has every key; with pgtoken pgpass --schema an editor completes them.';

/** Parses and validates it. Never throws for any text. */
export function parsePgpassConfig(text: string, options: PgpassConfigOptions): ParsedPgpassConfig {
  const read = readClientConfig(text, pgpassSchema, HINT);
  return read.ok ? { ok: true, plan: toPlan(read.config, options) } : read;
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

function toProcess(signal: string, folder: string): string {
  return /^[0-9]+$/.test(signal) ? signal : resolve(folder, signal);
}
