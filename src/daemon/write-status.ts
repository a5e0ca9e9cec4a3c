// A file that says whether the configuration is in force, for who has asked for a reload and waits: systemd takes the word of a
// command for it (packaging/systemd/reload).
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { ConfigStatus } from './reload/follow-config.ts';
import { runtimeFolderOf } from './runtime-folder.ts';

/** Writes how the daemon stands, and how many reloads were asked for and done. */
export type WriteStatus = (status: ConfigStatus, reloads: number) => void;

/** @param env with RUNTIME_DIRECTORY, the unit's own folder (systemd.exec(5)); without it nothing is written. */
export function createWriteStatus(
  env: NodeJS.ProcessEnv,
  logger: Pick<Logger, 'warn'>,
): WriteStatus {
  const folder = runtimeFolderOf(env);
  if (folder === undefined) {
    return () => undefined;
  }
  const path = join(folder, 'status');
  let writing = Promise.resolve();
  return (status, reloads) => {
    const lines = [
      `reloads ${reloads}`,
      status.problems.length === 0 ? 'in force' : 'not in force',
      ...status.problems,
    ];
    writing = writing
      .then(async () => {
        await writeFile(`${path}.new`, `${lines.join('\n')}\n`, { mode: 0o600 });
        await rename(`${path}.new`, path);
      })
      .catch((error: unknown) => {
        logger.warn({ reason: String(error) }, 'the status file cannot be written');
      });
  };
}
