// Turns the text of pooler.yaml into a plan, or into all of its problems at once, each with its place.
import { resolve } from 'node:path';
import type { Problem } from '../../config/problems.ts';
import type { PoolerPlan } from '../pooler/pooler-plan.ts';
import { poolerSchema } from './pooler-schema.ts';
import { readClientConfig } from './read-client-config.ts';
import { toSource } from './token-schema.ts';

/** A plan, or what is wrong with the text. */
export type ParsedPoolerConfig =
  | { readonly ok: true; readonly plan: PoolerPlan }
  | { readonly ok: false; readonly problems: readonly Problem[] };

const HINT =
  'docs/connect/pooler.md has every key; with pgtoken pooler --schema an editor completes them.';

/** Parses and validates it. Never throws for any text. @param folder that relative paths count from. */
export function parsePoolerConfig(text: string, folder: string): ParsedPoolerConfig {
  const read = readClientConfig(text, poolerSchema, HINT);
  if (!read.ok) {
    return read;
  }
  const { listen, tls, tenants, pgbouncer, drain, readyFile, health } = read.config;
  return {
    ok: true,
    plan: {
      listen: {
        folder: listen.folder === undefined ? undefined : resolve(folder, listen.folder),
        mode: listen.mode,
        address: listen.address,
        port: listen.port,
      },
      tls: { mode: tls.mode, caFile: resolve(folder, tls.caFile) },
      tenants: tenants.map(({ token, database, serverLifetime, ...tenant }) => ({
        ...tenant,
        database: database ?? tenant.alias,
        serverLifetime,
        source: toSource(token, folder),
      })),
      pgbouncer: { ...pgbouncer, path: resolve(folder, pgbouncer.path) },
      drain,
      ...(readyFile === undefined ? {} : { readyFile: resolve(folder, readyFile) }),
      ...(health === undefined ? {} : { health }),
    },
  };
}
