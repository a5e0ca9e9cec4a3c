// A Prometheus of this release of Debian, which scrapes one daemon every second as job "pgtoken", with the rules that come with it.
import { spawn } from 'node:child_process';
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import * as z from 'zod/mini';

import { findFreePort } from './find-free-port.ts';
import { runChecked } from './run-checked.ts';
import { createTemporaryFolder } from './temporary-folder.ts';

export const MONITORING = join(import.meta.dirname, '../../packaging/monitoring');
export const RULES = 'pgtoken.rules.yaml';

const answerSchema = z.looseObject({
  status: z.literal('success'),
  data: z.looseObject({
    result: z.array(
      z.looseObject({
        metric: z.record(z.string(), z.string()),
        values: z.optional(z.array(z.tuple([z.number(), z.string()]))),
        value: z.optional(z.tuple([z.number(), z.string()])),
      }),
    ),
  }),
});

/** What a query yields. */
export type Series = z.infer<typeof answerSchema>['data']['result'];

export interface Prometheus extends AsyncDisposable {
  readonly url: string;
  /** How a query stands now. Throws where it cannot be asked. */
  readonly ask: (query: string) => Promise<Series>;
  /** How it stood from one time to another, in Unix seconds. */
  readonly askRange: (query: string, from: number, to: number, step: number) => Promise<Series>;
}

/** The folder of Prometheus and promtool; getting them may take half a minute. */
export async function getPrometheus(): Promise<string> {
  const script = join(import.meta.dirname, 'get-prometheus.sh');
  return (await runChecked(script, [], { hangLimit: 300_000 })).trim();
}

/** @param programs as {@link getPrometheus} gives it. @param metricsPort of the daemon, on the loopback interface. */
export async function startPrometheus(programs: string, metricsPort: number): Promise<Prometheus> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await createTemporaryFolder('prometheus'));
  await copyFile(join(MONITORING, RULES), join(folder.path, RULES));
  const port = await findFreePort();
  const url = `http://127.0.0.1:${port}`;
  const config = join(folder.path, 'prometheus.yaml');
  await writeFile(
    config,
    JSON.stringify({
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: [RULES],
      scrape_configs: [
        { job_name: 'pgtoken', static_configs: [{ targets: [`127.0.0.1:${metricsPort}`] }] },
      ],
    }),
  );
  const server = spawn(
    join(programs, 'prometheus'),
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder.path, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=warn',
    ],
    { stdio: 'ignore' },
  );
  const ended = new Promise((resolve) => void server.once('exit', resolve));
  stack.defer(async () => {
    server.kill('SIGTERM');
    await ended;
  });
  const get = async (
    path: string,
    parameters: Readonly<Record<string, string>>,
  ): Promise<Series> => {
    const response = await fetch(
      `${url}/api/v1/${path}?${new URLSearchParams(parameters).toString()}`,
    );
    return answerSchema.parse(await response.json()).data.result;
  };
  const owned = stack.move();
  return {
    url,
    ask: async (query) => get('query', { query }),
    askRange: async (query, from, to, step) =>
      get('query_range', { query, start: String(from), end: String(to), step: String(step) }),
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  };
}
