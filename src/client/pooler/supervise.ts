// Keeps PgBouncer running: starts it, waits until its console answers, looks at it from then on, and starts it again when it has
// ended. One that hangs is reported soon and killed late: who only is slow has clients that it serves.
import { setTimeout as delay } from 'node:timers/promises';
import { hideTokens } from '../../hide-tokens.ts';
import type { ClientLog } from '../client-log.ts';
import type { TokenFault } from '../token/client-token.ts';
import { retryPause } from '../token/refresh-plan.ts';
import type { AdminConsole, ConsoleRow } from './admin-console.ts';
import type { PgBouncerProcess, SaidLine } from './pgbouncer-process.ts';

/** How long things may take, in seconds. */
export interface SuperviseTimes {
  /** Until its console answers after it was started. */
  readonly start: number;
  /** Between two looks at it. */
  readonly check: number;
  /** For an answer of the console. */
  readonly answer: number;
  /** Looks without an answer until that is reported, and until it is killed. */
  readonly reportAfter: number;
  readonly killAfter: number;
}

/** Those of a real one. */
export const TIMES: SuperviseTimes = {
  start: 10,
  check: 2,
  answer: 3,
  reportAfter: 2,
  killAfter: 6,
};

/** What supervises it. */
export interface SuperviseOptions {
  readonly start: (onLine: (line: SaidLine) => void) => PgBouncerProcess;
  readonly admin: AdminConsole;
  readonly log: ClientLog;
  readonly random: () => number;
  readonly times: SuperviseTimes;
  /** Before each start: its files have to be there. @returns why they cannot be. */
  readonly prepare: () => Promise<TokenFault | undefined>;
  /** Told when its console answers for the first time, and when it has ended. */
  readonly onUp: () => void;
  readonly onDown: () => void;
  /** Gets what SHOW POOLS shows. */
  readonly onPools: (rows: readonly ConsoleRow[]) => void;
}

/** A PgBouncer that is kept running. */
export interface Supervisor {
  /** Whether its console answers. */
  readonly isUp: () => boolean;
  readonly pid: () => number | undefined;
  /** How often it was started again. */
  readonly restarts: () => number;
  /** Why it does not run; undefined while it does. */
  readonly fault: () => string | undefined;
  /** Lets clients go on for so many seconds, then ends it. Resolves when it has ended. */
  readonly drain: (seconds: number) => Promise<void>;
}

/** Seconds that what is running gets when the time for clients is over, and that the process gets then. */
const LAST_TRANSACTIONS = 2;
const END = 2;
/** One that has run for so long, in seconds, is started again at once. */
const LONG_RUN = 60;

/** Starts it, and goes on until it is drained. */
export function supervise(options: SuperviseOptions): Supervisor {
  const { admin, log, random, times } = options;
  const ending = new AbortController();
  let current: PgBouncerProcess | undefined;
  let isUp = false;
  let restarts = 0;
  let failure: string | undefined = 'it was not started yet';

  const wait = async (seconds: number): Promise<unknown> =>
    delay(seconds * 1000, undefined, { signal: ending.signal }).catch(() => undefined);
  const said = createSaid(log);

  /** @returns how it ended, or undefined once its console answers. */
  const untilUp = async (child: PgBouncerProcess): Promise<string | undefined> => {
    let ended: string | undefined;
    void child.ended.then((how) => (ended = how));
    for (const end = performance.now() + times.start * 1000; performance.now() < end;) {
      const { ok } = await admin.run('SHOW VERSION', times.answer);
      // Whoever else listens there is not the one that has ended.
      await delay(LOOK);
      if (isSet(ended)) {
        return ended;
      }
      if (ok) {
        return undefined;
      }
      if (ending.signal.aborted) {
        break;
      }
    }
    child.kill('SIGKILL');
    await child.ended;
    return ending.signal.aborted ? undefined : `its console did not answer in ${times.start} s`;
  };
  const watch = async (child: PgBouncerProcess): Promise<string> => {
    const over = new AbortController();
    const ended = child.ended.finally(() => {
      over.abort();
    });
    for (let misses = 0; !over.signal.aborted;) {
      const pools = await admin.run('SHOW POOLS', times.answer);
      if (over.signal.aborted) {
        break;
      }
      if (pools.ok) {
        if (misses >= times.reportAfter) {
          log.info({ pid: child.pid }, 'PgBouncer answers again');
        }
        misses = 0;
        options.onPools(pools.rows);
      } else {
        misses += 1;
        if (misses === times.reportAfter) {
          log.error({ pid: child.pid, reason: pools.reason }, 'PgBouncer does not answer');
        }
      }
      failure = misses >= times.reportAfter ? 'it does not answer' : undefined;
      isUp = failure === undefined;
      if (misses >= times.killAfter) {
        log.error({ pid: child.pid }, 'PgBouncer hangs and is killed');
        child.kill('SIGKILL');
        break;
      }
      await delay(times.check * 1000, undefined, { signal: over.signal }).catch(() => undefined);
    }
    return ended;
  };
  const runOnce = async (): Promise<string | undefined> => {
    const unprepared = await options.prepare();
    if (unprepared !== undefined) {
      return `its files cannot be written: ${unprepared.reason}`;
    }
    const child = options.start(said.take);
    current = child;
    const failed = await untilUp(child);
    if (failed !== undefined) {
      return [failed, said.last()].filter((text) => text !== undefined).join(': ');
    }
    if (ending.signal.aborted && !(await isRunning(child))) {
      return undefined;
    }
    isUp = true;
    failure = undefined;
    log.info({ pid: child.pid }, 'PgBouncer is up');
    options.onUp();
    const how = await watch(child);
    isUp = false;
    options.onDown();
    return how;
  };
  const run = async (): Promise<void> => {
    for (let failures = 0; !ending.signal.aborted; restarts += 1) {
      const started = performance.now();
      said.forget();
      const reason = await runOnce();
      current = undefined;
      if (ending.signal.aborted) {
        return;
      }
      failures = performance.now() - started > LONG_RUN * 1000 ? 1 : failures + 1;
      const pause = retryPause(failures, random());
      failure = reason;
      log.error({ reason, again: `in ${pause.toFixed(1)} s` }, 'PgBouncer does not run');
      await wait(pause);
    }
  };

  const over = run();
  const endsWithin = async (seconds: number): Promise<boolean> =>
    Promise.race([over.then(() => true), delay(seconds * 1000, false)]);
  return {
    isUp: () => isUp,
    pid: () => current?.pid,
    restarts: () => restarts,
    fault: () => failure,
    async drain(seconds) {
      ending.abort();
      if (isUp) {
        const told = await admin.run('SHUTDOWN WAIT_FOR_CLIENTS', times.answer);
        if (told.ok && (await endsWithin(seconds))) {
          return;
        }
        log.warn({ after: `${seconds} s` }, 'clients are still connected, and are disconnected');
        const again = await admin.run('SHUTDOWN WAIT_FOR_SERVERS', times.answer);
        if (again.ok && (await endsWithin(LAST_TRANSACTIONS))) {
          return;
        }
      }
      for (const signal of ['SIGQUIT', 'SIGKILL'] as const) {
        current?.kill(signal);
        if (await endsWithin(END)) {
          return;
        }
      }
      await over;
    },
  };
}

/** Milliseconds between two looks at one that is being started. */
const LOOK = 50;
/** How long the same is not said again, in milliseconds. */
const QUIET = 60_000;
/** As many warnings say why it has ended. */
const MOST_REASONS = 3;
/** As many different lines are remembered. */
const MOST_LINES = 200;

/** Passes on what PgBouncer says: without tokens, and each line once a minute however often it is said. */
function createSaid(log: ClientLog) {
  const seen = new Map<string, number>();
  let last: readonly string[] = [];
  return {
    take: ({ level, text }: SaidLine): void => {
      const line = hideTokens(text);
      if (level !== 'info') {
        last = [...last.slice(1 - MOST_REASONS), line];
      }
      const key = line.replaceAll(/0x[0-9a-f]+|[0-9]+/g, '0');
      const now = performance.now();
      if (line.trim() === '' || now - (seen.get(key) ?? -QUIET) < QUIET) {
        return;
      }
      if (seen.size >= MOST_LINES) {
        seen.clear();
      }
      seen.set(key, now);
      // Each by its name, as the table of lines in the documentation is held to what stands here.
      switch (level) {
        case 'info':
          log.info({ line }, 'PgBouncer said');
          break;
        case 'warn':
          log.warn({ line }, 'PgBouncer said');
          break;
        case 'error':
          log.error({ line }, 'PgBouncer said');
      }
    },
    /** The last warnings and errors, which say why it has ended. */
    last: () => (last.length === 0 ? undefined : last.join('; ')),
    forget: () => {
      last = [];
    },
  };
}

async function isRunning(child: PgBouncerProcess): Promise<boolean> {
  return Promise.race([child.ended.then(() => false), delay(0, true)]);
}

/** The compiler does not see that it changes while something is awaited. */
function isSet(text: string | undefined): text is string {
  return text !== undefined;
}
