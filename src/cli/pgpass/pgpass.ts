// `pgtoken pgpass`: signals and exit statuses; what keeps the file is in client/. What a plan does not ask for is not loaded, as
// there is one such process beside every program.
import type { ClientLog } from '../../client/client-log.ts';
import { createAfterChange } from '../../client/pgpass/after-change.ts';
import { formatMode, isIgnoredByLibpq } from '../../client/pgpass/describe-mode.ts';
import { type Keeper, keepPgpass, type SourcedLine } from '../../client/pgpass/keep-pgpass.ts';
import type { PgpassPlan } from '../../client/pgpass/pgpass-plan.ts';
import { createSource } from '../../client/sources/create-source.ts';
import type { TokenSource } from '../../client/token/token-source.ts';
import { systemClock } from '../../clock.ts';
import { placeOf } from '../../errors.ts';
import { createLineLogger, type LineLogger } from '../../log/create-line-logger.ts';
import { isJournal } from '../../log/is-journal.ts';
import { createLogOutput, type LogOutput } from '../../log/log-output.ts';

/** Milliseconds that the log may take at the end. */
const FLUSH_LIMIT = 1000;

/** Does what a plan says, until it is done or told to end, and ends the process. */
export async function runPgpass(plan: PgpassPlan): Promise<never> {
  const ending = new AbortController();
  // From the start on, and not once: neither a signal that comes early nor a second one may kill it in the middle.
  for (const signal of ['SIGTERM', 'SIGINT']) {
    process.on(signal, () => {
      ending.abort();
    });
  }
  if (plan.once) {
    return process.exit(await writeAndTell(plan, ending.signal));
  }
  const { log, output } = openLog();
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', (error) => {
    log.fatal({ place: placeOf(error) }, 'pgtoken pgpass has failed');
    void endAfter(output, 1);
  });
  await keepUntil(ending.signal, plan, log);
  log.info({ file: plan.file }, 'stopped');
  return endAfter(output, 0);
}

async function endAfter(output: LogOutput, status: 0 | 1): Promise<never> {
  await output.flush(FLUSH_LIMIT);
  return process.exit(status);
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

async function openReadyFile(path: string | undefined, log: ClientLog) {
  if (path === undefined) {
    return async () => undefined;
  }
  const { createReadyFile } = await import('../../client/pgpass/ready-file.ts');
  const { set } = createReadyFile(path, log);
  // What a run before has left says nothing of this one.
  await set(false);
  return set;
}

async function openHealth(address: PgpassPlan['health'], keeper: Keeper, log: ClientLog) {
  if (address === undefined) {
    return () => undefined;
  }
  const { serveHealth } = await import('../../client/pgpass/serve-health.ts');
  return serveHealth(address, keeper, log).close;
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  signal.addEventListener('abort', () => {
    resolve(undefined);
  });
  if (!signal.aborted) {
    await promise;
  }
}

/** Lines whose tokens come from the same place share a source, which is asked once for all of them. */
async function createLines(plan: PgpassPlan, log: ClientLog): Promise<readonly SourcedLine[]> {
  const sources = new Map<string, TokenSource>();
  const lines: SourcedLine[] = [];
  for (const line of plan.lines) {
    const name = JSON.stringify(line.source);
    const source =
      sources.get(name) ??
      (await createSource(line.source, {
        clock: systemClock,
        env: process.env,
        onError: (program, text) => {
          log.warn({ source: program, line: text }, 'the program of a source said');
        },
      }));
    sources.set(name, source);
    lines.push({ plan: line, source });
  }
  return lines;
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

/** As the daemon's: JSON on standard output, and never waiting for whoever reads it. */
function openLog(): { readonly log: LineLogger; readonly output: LogOutput } {
  const withPriorities = isJournal(1, process.env);
  const output = createLogOutput({
    fd: 1,
    describeLoss: (lost) => {
      let text = '';
      const write = (line: string): void => void (text += line);
      createLineLogger(write, { withPriorities }).warn(
        { lost },
        'lines of the log were lost, as nobody took them in time',
      );
      return text;
    },
  });
  const write = (line: string): void => {
    output.write(line);
  };
  return { log: createLineLogger(write, { withPriorities }), output };
}
