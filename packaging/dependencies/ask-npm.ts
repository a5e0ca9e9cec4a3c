// Asks npm, by its own command, what has been published of a package: so that its registry, proxy and certificate authorities
// are those that the machine's npm has.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import * as z from 'zod/mini';

import type { PublishedVersions } from './find-superseded.ts';

const answerSchema = z.looseObject({
  time: z.record(z.string(), z.string()),
  // With one version alone npm leaves the list out of its list.
  versions: z.union([z.string(), z.array(z.string())]),
  'dist-tags.latest': z.string(),
});
const outputSchema = z.looseObject({ stdout: z.string() });
const failureSchema = z.looseObject({ error: z.looseObject({ summary: z.string() }) });

/** How npm is asked. */
export interface NpmOptions {
  readonly signal: AbortSignal;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Resolves with what npm says about a package. Rejects with npm's reason when it has none, or with the signal's when that is
 * aborted.
 */
export async function askNpm(name: string, options: NpmOptions): Promise<PublishedVersions> {
  const fields = ['time', 'versions', 'dist-tags.latest'];
  const args = ['view', name, ...fields, '--json', '--fetch-retries=0', '--loglevel=error'];
  const { stdout } = await promisify(execFile)('npm', args, {
    ...options,
    encoding: 'utf8',
    killSignal: 'SIGKILL',
    maxBuffer: 64 * 1024 * 1024,
  }).catch((error: unknown) => {
    options.signal.throwIfAborted();
    throw new Error(reasonOf(error), { cause: error });
  });
  const answer = answerSchema.parse(JSON.parse(stdout));
  const versions = [answer.versions].flat();
  return {
    latest: answer['dist-tags.latest'],
    times: Object.fromEntries(
      versions.flatMap((version) => {
        const time = answer.time[version];
        return time === undefined ? [] : [[version, time]];
      }),
    ),
  };
}

/** npm tells its failure as JSON on standard output, beside the text on standard error. */
function reasonOf(error: unknown): string {
  const told = failureSchema.safeParse(parseJSON(outputSchema.safeParse(error).data?.stdout));
  const reason = told.data?.error.summary ?? (error instanceof Error ? error.message : '');
  return reason.trim().split('\n')[0] ?? '';
}

function parseJSON(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}
