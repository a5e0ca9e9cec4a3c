// `pgtoken pooler`: what must be so before it starts, signals and exit statuses; what keeps the pooler is in client/.
import { access, constants } from 'node:fs/promises';
import { resolve } from 'node:path';
import { serveHealth } from '../../client/health/serve-health.ts';
import { createAdminConsole } from '../../client/pooler/admin-console.ts';
import { checkVersion } from '../../client/pooler/check-version.ts';
import { holdFolder } from '../../client/pooler/hold-folder.ts';
import { keepPooler } from '../../client/pooler/keep-pooler.ts';
import { endOrphan, startPgBouncer } from '../../client/pooler/pgbouncer-process.ts';
import { createHealthAnswers } from '../../client/pooler/pooler-metrics.ts';
import type { PoolerPlan } from '../../client/pooler/pooler-plan.ts';
import { writeFiles } from '../../client/pooler/write-files.ts';
import { createSources } from '../../client/sources/create-sources.ts';
import type { TokenFault } from '../../client/token/client-token.ts';
import { systemClock } from '../../clock.ts';
import { codeOf } from '../../code-of.ts';
import { placeOf } from '../../errors.ts';
import { endingSignal } from '../client-program/ending-signal.ts';
import { openClientLog } from '../client-program/open-client-log.ts';
import { openReadyFile } from '../client-program/open-ready-file.ts';
import { untilAborted } from '../client-program/until-aborted.ts';

/** Runs it until it is told to end, and ends the process. @returns the exit status where it does not start. */
export async function runPooler(plan: PoolerPlan, given: string): Promise<number> {
  const folder = resolve(given);
  const ending = endingSignal();
  // A request to reload, of whoever takes it for a daemon: pooler.yaml is read at the start.
  process.on('SIGHUP', () => undefined);
  if (process.geteuid?.() === 0) {
    return refuse('root', {
      ok: false,
      reason: 'PgBouncer does not run as root; expected a user of its own',
      hint: 'Run pgtoken pooler as the user of the program, or as nobody.',
    });
  }
  const { path } = plan.pgbouncer;
  const program = await checkVersion(path, process.env, ending);
  if (!program.ok) {
    return refuse(path, program);
  }
  const unfit = await findUnfit(plan);
  if (unfit !== undefined) {
    return refuse(...unfit);
  }
  const held = await holdFolder(folder);
  if (!held.ok) {
    return refuse(folder, held);
  }
  // From here on there is a log, for whoever keeps logs.
  const { log, exit } = openClientLog();
  log.info({ folder, pgbouncer: program.version }, 'pgtoken pooler starts');
  const orphan = await endOrphan(folder);
  if (orphan !== undefined) {
    log.warn(
      { pid: orphan },
      'a PgBouncer was ended that a pooler before this one has left behind',
    );
  }
  const setReady = await openReadyFile(plan.readyFile, log);
  const pooler = keepPooler({
    plan,
    folder,
    tenants: await createSources(plan.tenants, { clock: systemClock, env: process.env, log }),
    longestToken: program.longestToken,
    clock: systemClock,
    log,
    admin: createAdminConsole(plan.listen.folder ?? folder, plan.listen.port),
    start: (onLine) => startPgBouncer(path, folder, onLine),
    write: async (files) => writeFiles(folder, files),
    onReady: (isReady) => {
      if (isReady) {
        log.info({}, 'ready');
      } else {
        log.warn({}, 'not ready');
      }
      void setReady(isReady);
    },
  });
  const endWithPooler = async (): Promise<void> => {
    await pooler.stop(0).catch(() => undefined);
    await exit(1);
  };
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', (error) => {
    log.fatal({ place: placeOf(error) }, 'pgtoken pooler has failed');
    // Nobody would renew its tokens.
    void endWithPooler();
  });
  const health =
    plan.health === undefined
      ? undefined
      : serveHealth(plan.health, createHealthAnswers(pooler.status), log);
  await untilAborted(ending);
  log.info({ drain: `${plan.drain} s` }, 'stopping; new clients are refused');
  await setReady(false);
  await pooler.stop(plan.drain);
  health?.close();
  log.info({}, 'stopped');
  held.release();
  return exit(0);
}

/** What PgBouncer would find out later, and say less clearly. */
async function findUnfit({ listen, tls }: PoolerPlan): Promise<[string, TokenFault] | undefined> {
  const needed = [
    ...(listen.folder === undefined
      ? []
      : [
          [
            listen.folder,
            constants.W_OK | constants.X_OK,
            'Make the folder of listen.folder, for the user that this runs as.',
          ] as const,
        ]),
    ...(tls.mode === 'disable'
      ? []
      : [
          [
            tls.caFile,
            constants.R_OK,
            'Name the certificates that vouch for the servers in tls.caFile; on Debian package ca-certificates has the public ones.',
          ] as const,
        ]),
  ];
  for (const [path, mode, hint] of needed) {
    try {
      await access(path, mode);
    } catch (error) {
      const user = `user ID ${process.geteuid?.() ?? '?'}`;
      const reason = `${user} cannot use it (${codeOf(error) ?? 'an unknown error'})`;
      return [path, { ok: false, reason, hint }];
    }
  }
  return undefined;
}

function refuse(about: string, { reason, hint }: TokenFault): 1 {
  process.stderr.write(
    `pgtoken: ${about}: ${reason}\n${hint === undefined ? '' : `HINT: ${hint}\n`}`,
  );
  return 1;
}
