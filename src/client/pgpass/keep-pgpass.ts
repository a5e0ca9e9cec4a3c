// Keeps a .pgpass fresh: follows the sources of its lines, and replaces it when one has a new token. What goes wrong with one
// line touches no other, and what is there stays there until there is something better.
import type { Clock } from '../../clock.ts';
import type { ClientLog } from '../client-log.ts';
import { hasExpired } from '../token/choose-token.ts';
import { type TokenFault } from '../token/client-token.ts';
import { followToken, type TokenFollower } from '../token/follow-token.ts';
import { retryPause } from '../token/refresh-plan.ts';
import type { TokenSource } from '../token/token-source.ts';
import { describeMode } from './describe-mode.ts';
import type { LinePlan, PgpassPlan } from './pgpass-plan.ts';
import { planUpdate, type PlannedLine } from './plan-update.ts';
import { type Files, readPgpass, removeLeftovers, writePgpass } from './write-pgpass.ts';

/** A line and where its tokens come from; lines may share a source. */
export interface SourcedLine {
  readonly plan: LinePlan;
  readonly source: TokenSource;
}

/** Who keeps it. */
export interface KeepOptions {
  readonly plan: Pick<PgpassPlan, 'file' | 'mode'>;
  readonly lines: readonly SourcedLine[];
  readonly clock: Clock;
  readonly log: ClientLog;
  /** Told when the file has changed. */
  readonly onChange: () => void;
  /** Told when it has become ready, which is when each line has a token that has not expired, and when it no longer is. */
  readonly onReady: (isReady: boolean) => void;
  /** Default: that of this host. */
  readonly files?: Files;
  /** From 0 to 1. Default: Math.random. */
  readonly random?: () => number;
  /** How often the file is looked at, in seconds: somebody else may have written it. Default: 60. */
  readonly recheck?: number;
}

/** How a line is, for whoever asks; never with the token. */
export interface LineStatus {
  readonly host: string;
  readonly port: string;
  readonly database: string;
  /** Undefined while there is no token that names it. */
  readonly user: string | undefined;
  readonly source: string;
  /** Whether clients find a token in the file that has not expired. */
  readonly ready: boolean;
  /** Unix time in seconds; undefined while there is no token. */
  readonly expiresAt: number | undefined;
  /** Why there is no newer token. */
  readonly fault: string | undefined;
}

/** A .pgpass that is kept. */
export interface Keeper {
  readonly isReady: () => boolean;
  readonly lines: () => readonly LineStatus[];
  /** Stops, and leaves the file as it is. Resolves when nothing is being written any more. */
  readonly stop: () => Promise<void>;
}

const RECHECK = 60;

/** Starts keeping it. */
export function keepPgpass(options: KeepOptions): Keeper {
  const { plan, clock, log, files, random = Math.random, recheck = RECHECK } = options;
  const { file, mode } = plan;
  const followers = new Map<TokenSource, TokenFollower>();
  let written: readonly PlannedLine[] = options.lines.map(() => NOTHING);
  let faultOfFile: TokenFault | undefined;
  let failures = 0;
  let retry: NodeJS.Timeout | undefined;
  let wasReady = false;
  const ending = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let isDirty = false;
  let updating: Promise<void> | undefined;

  const isReady = (): boolean =>
    written.every(({ token }) => token !== undefined && !hasExpired(token, clock()));
  const tellReady = (): void => {
    if (isReady() !== wasReady) {
      wasReady = !wasReady;
      options.onReady(wasReady);
    }
  };
  /** By then a token may have expired, or somebody else may have taken a line out. */
  const planRecheck = (): void => {
    clearTimeout(timer);
    if (wasReady && !ending.signal.aborted) {
      const left = Math.min(...written.map(({ token }) => token?.expiresAt ?? 0)) - clock();
      timer = setTimeout(update, Math.min(left, recheck) * 1000);
    }
  };
  const update = (): void => {
    isDirty = true;
    updating ??= updateAll();
  };
  const updateAll = async (): Promise<void> => {
    while (isDirty && !ending.signal.aborted) {
      isDirty = false;
      clearTimeout(retry);
      const failed = await updateOnce();
      if (failed === undefined) {
        faultOfFile = undefined;
        failures = 0;
      } else {
        failures += 1;
        if (failed.reason !== faultOfFile?.reason) {
          log.error({ file, ...describe(failed) }, 'the .pgpass cannot be replaced');
        }
        faultOfFile = failed;
        retry = setTimeout(update, retryPause(failures, random()) * 1000);
      }
      tellReady();
      planRecheck();
    }
    // At once with the last look at what is left to do.
    updating = undefined;
  };
  const updateOnce = async (): Promise<TokenFault | undefined> => {
    await cleaned;
    const found = await readPgpass(file, files);
    if (!found.ok) {
      return found;
    }
    const wanted = options.lines.map(({ plan: line, source }, at) => ({
      plan: line,
      token: followers.get(source)?.token,
      before: written[at]?.key,
    }));
    const next = planUpdate(found.text, wanted, clock());
    const isSame = next.text === found.text && (found.mode === mode || next.text === '');
    if (!isSame) {
      const failed = await writePgpass(file, next.text, mode, files);
      if (failed !== undefined) {
        return failed;
      }
      if (found.mode !== undefined && found.mode !== mode) {
        log.warn({ file, ...describeMode(found.mode, mode) }, 'the .pgpass had other permissions');
      }
    }
    tellOf(next.lines);
    written = next.lines;
    if (!isSame) {
      options.onChange();
    }
    return undefined;
  };
  const tellOf = (lines: readonly PlannedLine[]): void => {
    for (const [at, { key, token, fault }] of lines.entries()) {
      const { source } = options.lines[at] ?? {};
      const before = written[at];
      if (fault !== undefined && fault.reason !== before?.fault?.reason) {
        log.error({ source: source?.name, ...describe(fault) }, 'the token names no role');
      }
      if (token !== undefined && token.text !== before?.token?.text) {
        log.info(
          { source: source?.name, ...key, expires: formatTime(token.expiresAt) },
          'the .pgpass has a new token',
        );
      }
    }
  };

  const start = (source: TokenSource): TokenFollower =>
    followToken({
      source,
      clock,
      random,
      onToken: update,
      onFault: (fault) => {
        log.warn({ source: source.name, ...describe(fault) }, 'there is no new token');
      },
      onRecovery: () => {
        log.info({ source: source.name }, 'there are new tokens again');
      },
      onExpired: (token) => {
        log.error(
          { source: source.name, expires: formatTime(token.expiresAt) },
          'the token has expired and there is no other',
        );
      },
    });
  /** Before anything is written: what is being written looks the same. */
  const cleaned = removeLeftovers(file, files);
  for (const source of new Set(options.lines.map((line) => line.source))) {
    followers.set(source, start(source));
  }
  return {
    isReady,
    lines: () =>
      options.lines.map(({ plan: { host, port, database, user }, source }, at) => {
        const { key, token, fault } = written[at] ?? NOTHING;
        const reason = fault ?? faultOfFile ?? followers.get(source)?.fault;
        return {
          host,
          port,
          database,
          user: key?.user ?? (user.kind === 'name' ? user.name : undefined),
          source: source.name,
          ready: token !== undefined && !hasExpired(token, clock()),
          expiresAt: token?.expiresAt,
          fault: reason?.reason,
        };
      }),
    async stop() {
      ending.abort();
      clearTimeout(retry);
      clearTimeout(timer);
      for (const follower of followers.values()) {
        follower.stop();
      }
      await updating;
    },
  };
}

const NOTHING: PlannedLine = { key: undefined, token: undefined, fault: undefined };

function describe({ reason, hint }: TokenFault): object {
  return hint === undefined ? { reason } : { reason, hint };
}

function formatTime(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? 'never' : date.toISOString();
}
