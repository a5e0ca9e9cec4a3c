// `pgtoken pgpass`: signals and exit statuses; what keeps the file is in client/. What a plan does not ask for is not loaded, as
// there is one such process beside every program.
import type { ClientLog } from '../../client/client-log.ts';
import { createAfterChange } from '../../client/pgpass/after-change.ts';
import { isIgnoredByLibpq } from '../../client/pgpass/describe-mode.ts';
import { formatMode } from '../../format-mode.ts';
import { type Keeper, keepPgpass, type SourcedLine } from '../../client/pgpass/keep-pgpass.ts';
import type { PgpassPlan } from '../../client/pgpass/pgpass-plan.ts';
import { createSources } from '../../client/sources/create-sources.ts';
import { systemClock } from '../../clock.ts';
import { placeOf } from '../../errors.ts';
import { endingSignal } from '../client-program/ending-signal.ts';
import { openReadyFile } from '../client-program/open-ready-file.ts';
import { openClientLog } from '../client-program/open-client-log.ts';
import { untilAborted } from '../client-program/until-aborted.ts';

/** Does what a plan says, until it is done or told to end, and ends the process. */
export async function runPgpass(plan: PgpassPlan): Promise<never> {
  const ending = endingSignal();
  if (plan.once) {
    return process.exit(await writeAndTell(plan, ending));
  }
  const { log, exit } = openClientLog();
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', (error) => {
    log.fatal({ place: placeOf(error) }, 'pgtoken pgpass has failed');
    void exit(1);
  });
  await keepUntil(ending, plan, log);
  log.info({ file: plan.file }, 'stopped');
  return exit(0);
}

async function keepUntil(signal: AbortSignal, plan: PgpassPlan, log: ClientLog): Promise<void> {
  if (isIgnoredByLibpq(plan.mode)) {
    log.warn(
      { file: plan.file, mode: formatMode(plan.mode) },
      'libpq passes over a .pgpass on which the group has any right',
    );
  }
  const setReady = await openReadyFile(plan.readyFile, log);
  const afterChange = createAfterChange(plan.afterChange, { env: process.env, log, signal });
  const keeper = keepPgpass({
    plan,
    lines: await createLines(plan, log),
    clock: systemClock,
    log,
    onChange: () => void afterChange(),
    onReady: (isReady) => void setReady(isReady),
  });
  const closeHealth = await openHealth(plan.health, keeper, log);
  await untilAborted(signal);
  closeHealth();
  await keeper.stop();
  await setReady(false);
}

async function openHealth(address: PgpassPlan['health'], keeper: Keeper, log: ClientLog) {
  if (address === undefined) {
    return () => undefined;
  }
  const { answerHealth } = await import('../../client/pgpass/answer-health.ts');
  const { serveHealth } = await import('../../client/health/serve-health.ts');
  return serveHealth(address, answerHealth(keeper), log).close;
}

/** Lines whose tokens come from the same place share a source, which is asked once for all of them. */
async function createLines(plan: PgpassPlan, log: ClientLog): Promise<readonly SourcedLine[]> {
  return createSources(plan.lines, { clock: systemClock, env: process.env, log });
}

/** For a person, or for whoever reads what an init container says. @returns the exit status. */
async function writeAndTell(plan: PgpassPlan, signal: AbortSignal): Promise<number> {
  const { writeOnce } = await import('../../client/pgpass/write-once.ts');
  const log: ClientLog = { info: () => undefined, warn: tellWith, error: tellWith };
  if (isIgnoredByLibpq(plan.mode)) {
    tell(
      `mode ${formatMode(plan.mode)}: libpq passes over a .pgpass on which the group has any right`,
    );
  }
  const lines = await createLines(plan, log);
  const done = await writeOnce({ plan, lines, clock: systemClock, signal });
  if (!done.ok) {
    for (const { about, reason, hint } of done.faults) {
      tell(`${about}: ${reason}${hint === undefined ? '' : `\nHINT: ${hint}`}`);
    }
    return 1;
  }
  if (done.hasChanged) {
    await createAfterChange(plan.afterChange, { env: process.env, log, signal })();
  }
  return 0;
}

function tell(line: string): void {
  process.stderr.write(`pgtoken: ${line}\n`);
}

function tellWith(members: object, message: string): void {
  tell(`${message}: ${JSON.stringify(members)}`);
}
