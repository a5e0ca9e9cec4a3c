// Runs login_clients.c: logins as fast as they go, with the passwords of a method.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { runChecked } from '../test/support/run-checked.ts';
import type { BenchHost, Method } from './bench-host.ts';

/** What a turn of logins came to. */
export interface LoginFigures {
  readonly logins: number;
  /** Logins a second. */
  readonly rate: number;
  /** Milliseconds of a login. */
  readonly p50: number;
  readonly p99: number;
  readonly longest: number;
  /** Of the daemon for a login, in milliseconds; undefined where no daemon decides. */
  readonly processorTime: number | undefined;
}

/** No method has shown more logins a second on any machine; passwords for more are not made. */
const MOST_LOGINS_PER_SECOND = 1000;

const output = z.object({
  logins: z.number(),
  seconds: z.number(),
  p50: z.number(),
  p99: z.number(),
  longest: z.number(),
});

/** Compiles the program. @returns its path. */
export async function compileLoginClients(folder: string): Promise<string> {
  const program = join(folder, 'login_clients');
  const include = (await runChecked('pg_config', ['--includedir'])).trim();
  const source = join(import.meta.dirname, 'login_clients.c');
  const flags = ['-std=gnu11', '-O2', '-Wall', '-Wextra', '-Werror', `-I${include}`];
  await runChecked('gcc', [...flags, '-o', program, source, '-lpq', '-lpthread']);
  return program;
}

/**
 * Logs in as fast as it goes.
 *
 * @param seconds how long; there are passwords for a thousand logins a second.
 */
export async function measureLogins(
  host: BenchHost,
  method: Method,
  clients: number,
  seconds: number,
): Promise<LoginFigures> {
  const passwords = join(host.cluster.folder, 'passwords');
  const all = await method.passwords(Math.ceil(seconds * MOST_LOGINS_PER_SECOND));
  await writeFile(passwords, `${all.join('\n')}\n`);
  const conninfo = `host=127.0.0.1 port=${host.cluster.port} dbname=postgres user=${method.role} sslmode=disable gssencmode=disable`;
  const before = await method.daemon?.processorTime();
  const stdout = await runChecked(
    host.loginClients,
    [conninfo, passwords, String(clients), String(seconds)],
    { hangLimit: 600_000 },
  );
  const after = await method.daemon?.processorTime();
  const { logins, seconds: took, p50, p99, longest } = output.parse(JSON.parse(stdout));
  if (all.length > 1 && logins > all.length) {
    throw new Error(`${logins} logins with ${all.length} distinct tokens: make more of them`);
  }
  return {
    logins,
    rate: logins / took,
    p50,
    p99,
    longest,
    processorTime:
      before === undefined || after === undefined ? undefined : (after - before) / logins,
  };
}
