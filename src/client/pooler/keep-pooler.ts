// A PgBouncer that always has fresh tokens. Follows the sources of its tenants, and has each token in force before the one before it
// expires. A tenant without a token is closed to new clients (DISABLE), and touches no other; PgBouncer is never handed a token
// that has expired.
import type { Clock } from '../../clock.ts';
import type { ClientLog } from '../client-log.ts';
import { fault, type ClientToken, type TokenFault } from '../token/client-token.ts';
import { retryPause } from '../token/refresh-plan.ts';
import type { AdminConsole, ConsoleRow } from './admin-console.ts';
import { followTenants, isUsable, type SourcedTenant } from './follow-tenants.ts';
import type { PgBouncerProcess, SaidLine } from './pgbouncer-process.ts';
import type { PoolerPlan } from './pooler-plan.ts';
import type { PoolerStatus, PoolNumbers } from './pooler-status.ts';
import { type PoolerFiles, renderFiles, type TenantLogin } from './render-files.ts';
import { supervise, type SuperviseTimes, TIMES } from './supervise.ts';

/** Who keeps it. */
export interface PoolerOptions {
  readonly plan: PoolerPlan;
  readonly folder: string;
  readonly tenants: readonly SourcedTenant[];
  /** The longest token that PgBouncer takes, in bytes; undefined: any. */
  readonly longestToken: number | undefined;
  readonly clock: Clock;
  readonly log: ClientLog;
  readonly admin: AdminConsole;
  readonly start: (onLine: (line: SaidLine) => void) => PgBouncerProcess;
  readonly write: (files: PoolerFiles) => Promise<TokenFault | undefined>;
  /** Told when every tenant has become ready, and when one no longer is. */
  readonly onReady: (isReady: boolean) => void;
  /** From 0 to 1. Default: Math.random. */
  readonly random?: () => number;
  readonly times?: SuperviseTimes;
}

/** A pooler that is kept. */
export interface Pooler {
  readonly status: () => PoolerStatus;
  /** Lets clients go on for so many seconds, then ends PgBouncer. Resolves when it has ended. */
  readonly stop: (drain: number) => Promise<void>;
}

/** How long the first start waits for the first tokens, in milliseconds: a source that hangs is not waited for. */
const FIRST_TOKENS = 2000;
/** The longest timer in milliseconds: the clock is looked at as often as this. */
const LONGEST_TIMER = 60_000;

/** A tenant as the running PgBouncer has it. */
interface InForce {
  token: ClientToken | undefined;
  isOpen: boolean;
}

/** Starts keeping it. */
export function keepPooler(options: PoolerOptions): Pooler {
  const { plan, folder, tenants, clock, log, admin, random = Math.random } = options;
  const { times = TIMES } = options;
  let written: PoolerFiles | undefined;
  let loaded: PoolerFiles | undefined;
  let inForce: readonly InForce[] = tenants.map(() => ({ token: undefined, isOpen: true }));
  const pools = new Map<string, PoolNumbers>();
  const reloads = { done: 0, failed: 0 };
  let lastFault: TokenFault | undefined;
  let wasReady = false;
  let isEnding = false;
  let timer: NodeJS.Timeout | undefined;

  const isTenantReady = ({ token, isOpen }: InForce): boolean =>
    supervisor.isUp() && isOpen && isUsable(token, clock());
  const isReady = (): boolean => inForce.every(isTenantReady);
  const tellReady = (): void => {
    if (isReady() !== wasReady) {
      wasReady = !wasReady;
      options.onReady(wasReady);
    }
  };

  const tellToken = (
    { plan: { alias, role }, token }: TenantLogin,
    before: ClientToken | undefined,
  ): void => {
    if (token !== undefined && token.text !== before?.text) {
      const expires = formatTime(token.expiresAt);
      log.info({ tenant: alias, role, expires }, 'a tenant has a new token');
    }
  };

  // One thing after the other: what is written, what is loaded and what is believed to be in force stay together.
  let queue: Promise<unknown> = Promise.resolve();
  const inOrder = async <T>(task: () => Promise<T>): Promise<T> => {
    const result = queue.then(task);
    queue = result.catch(() => undefined);
    return result;
  };
  const write = async (logins: readonly TenantLogin[]): Promise<TokenFault | undefined> => {
    const files = renderFiles(plan, logins, folder);
    if (written !== undefined && isSame(files, written)) {
      return undefined;
    }
    const failed = await options.write(files);
    // In part, it may be neither the one nor the other.
    written = failed === undefined ? files : undefined;
    return failed;
  };
  const reload = async (logins: readonly TenantLogin[]): Promise<TokenFault | undefined> => {
    if (written === undefined || (loaded !== undefined && isSame(written, loaded))) {
      return undefined;
    }
    const files = written;
    const result = await admin.run('RELOAD', times.answer);
    if (!result.ok) {
      reloads.failed += 1;
      return fault(`RELOAD: ${result.reason}`, 'What PgBouncer said is in the log.');
    }
    reloads.done += 1;
    loaded = files;
    for (const [at, login] of logins.entries()) {
      const now = inForce[at];
      if (now !== undefined) {
        tellToken(login, now.token);
        now.token = login.token;
      }
    }
    return undefined;
  };
  /** Also when a RELOAD has failed: this needs no file. */
  const openAndClose = async (): Promise<TokenFault | undefined> => {
    let failed: TokenFault | undefined;
    for (const [at, now] of inForce.entries()) {
      const tenant = tenants[at];
      const isOpen = isUsable(now.token, clock());
      if (tenant === undefined || isOpen === now.isOpen) {
        continue;
      }
      const { alias } = tenant.plan;
      const verb = isOpen ? 'ENABLE' : 'DISABLE';
      const result = await admin.run(`${verb} "${alias}"`, times.answer);
      if (!result.ok) {
        failed ??= fault(`${verb} ${alias}: ${result.reason}`);
        continue;
      }
      now.isOpen = isOpen;
      if (!isOpen) {
        const { reason = 'its source has none that lasts', hint } = tokens.faultOf(tenant) ?? {};
        const members = { tenant: alias, source: tenant.source.name, reason, hint };
        log.error(members, 'a tenant has no token, and its clients are refused');
      } else {
        log.info({ tenant: alias }, 'a tenant has a token, and its clients are let in');
      }
    }
    return failed;
  };
  const updateOnce = async (): Promise<TokenFault | undefined> => {
    const logins = tokens.logins();
    const unwritten = await write(logins);
    if (!supervisor.isUp()) {
      return unwritten;
    }
    const failed = unwritten ?? (await reload(logins));
    return failed ?? (await openAndClose());
  };

  let isDirty = false;
  let failures = 0;
  const updateAll = async (): Promise<void> => {
    if (!isDirty || isEnding) {
      return;
    }
    isDirty = false;
    clearTimeout(timer);
    const failed = await updateOnce();
    if (failed !== undefined) {
      await openAndClose();
      if (failed.reason !== lastFault?.reason) {
        const { reason, hint } = failed;
        log.error({ reason, hint }, 'tokens cannot be put in force, and are tried again');
      }
    }
    failures = failed === undefined ? 0 : failures + 1;
    lastFault = failed;
    tellReady();
    planNext(failed === undefined ? Infinity : retryPause(failures, random()) * 1000);
  };
  const update = (): void => {
    isDirty = true;
    void inOrder(updateAll);
  };
  /** By then a token in force may be in its last moment. */
  const planNext = (retry: number): void => {
    if (!isEnding) {
      const ends = inForce.flatMap(({ token, isOpen }) =>
        isOpen && token !== undefined ? [(token.expiresAt - 1 - clock()) * 1000] : [],
      );
      const pause = Math.min(retry, LONGEST_TIMER, ...ends.map((end) => Math.max(end, 0)));
      clearTimeout(timer);
      timer = setTimeout(update, pause);
    }
  };

  const tokens = followTenants({
    tenants,
    clock,
    log,
    longestToken: options.longestToken,
    random,
    onChange: update,
  });
  const begun = Promise.race([
    tokens.firstLooks,
    new Promise((resolve) => setTimeout(resolve, FIRST_TOKENS).unref()),
  ]);
  let starting: readonly TenantLogin[] = [];
  const supervisor = supervise({
    start: options.start,
    admin,
    log,
    random,
    times,
    async prepare() {
      await begun;
      return inOrder(async () => {
        starting = tokens.logins();
        const failed = await write(starting);
        loaded = written;
        return failed;
      });
    },
    onUp() {
      // A newer one may have been written since, and read: then it is only loaded once more.
      inForce = starting.map(({ token }) => ({ token, isOpen: true }));
      for (const login of starting) {
        tellToken(login, undefined);
      }
      update();
    },
    onDown() {
      pools.clear();
      tellReady();
    },
    onPools(rows) {
      readPools(rows, pools);
      // Timers stand still while a host sleeps, and clocks are set.
      if (inForce.some(({ token, isOpen }) => isOpen && !isUsable(token, clock()))) {
        update();
      }
      tellReady();
    },
  });

  return {
    status: () => ({
      ready: isReady(),
      pgbouncer: {
        up: supervisor.isUp(),
        pid: supervisor.pid(),
        fault: supervisor.fault(),
        restarts: supervisor.restarts(),
        reloads: reloads.done,
        failedReloads: reloads.failed,
      },
      tenants: tenants.map((tenant, at) => {
        const { alias, host, port, database, role } = tenant.plan;
        const now = inForce[at];
        const token = now?.token;
        const reason = tokens.faultOf(tenant) ?? lastFault;
        return {
          alias,
          host,
          port,
          database,
          role,
          source: tenant.source.name,
          ready: now !== undefined && isTenantReady(now),
          issuedAt: token?.issuedAt,
          expiresAt: token?.expiresAt,
          fault: reason?.reason,
          failures: tokens.failuresOf(tenant),
          pool: pools.get(alias),
        };
      }),
    }),
    async stop(drain) {
      await supervisor.drain(drain);
      isEnding = true;
      clearTimeout(timer);
      tokens.stop();
      await queue;
    },
  };
}

function isSame(a: PoolerFiles, b: PoolerFiles): boolean {
  return (['pgbouncer.ini', 'userlist.txt', 'hba.conf'] as const).every(
    (name) => a[name] === b[name],
  );
}

function readPools(rows: readonly ConsoleRow[], pools: Map<string, PoolNumbers>): void {
  for (const row of rows) {
    const number = (name: string): number => Number(row[name] ?? 0);
    pools.set(String(row['database']), {
      clientsActive: number('cl_active'),
      clientsWaiting: number('cl_waiting'),
      serversActive: number('sv_active'),
      serversIdle: number('sv_idle') + number('sv_used') + number('sv_tested'),
      serversLogin: number('sv_login'),
      maxWait: number('maxwait') + number('maxwait_us') / 1_000_000,
    });
  }
}

function formatTime(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? 'never' : date.toISOString();
}
