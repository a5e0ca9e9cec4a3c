// The daemon's sessions: watched from the first configuration on that names a server, and by code that is loaded only then.
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Login } from '../decide/login.ts';
import type { DecisionRecord } from '../decide/decision.ts';
import type { KeySet } from '../keys/formats/parse-key-set.ts';
import { thumbprintOf } from '../keys/thumbprint-of.ts';
import { systemClock } from '../clock.ts';
import { placeOf } from '../errors.ts';
import type { ControlReply, ControlRequest } from '../protocol/control.ts';
import { endLine } from '../log/end-line.ts';
import type { Metrics } from '../log/metrics.ts';
import type { BoundObject, ObjectAnswer } from '../review/bound-object.ts';
import type { Issuer, Policy } from '../policy/policy.ts';
import type { SessionWatcher } from '../sessions/watch-sessions.ts';

/** Watches sessions where the configuration says so. */
export interface SessionWatch {
  usePolicy(policy: Policy): void;
  keysChanged(issuer: string): void;
  /** Takes a decision; a grant of an entry with `sessions` opens one. @param by the policy that it was made by. */
  decided(
    login: Login,
    pid: number | undefined,
    decided: DecisionRecord,
    at: number,
    by: Policy,
  ): void;
  /** Answers a question about sessions. */
  answer(request: Exclude<ControlRequest, { readonly ask: 'status' }>): Promise<ControlReply>;
  stop(): Promise<void>;
}

/** What the watch needs of the daemon around it. */
export interface SessionWatchOptions {
  /** The folder of the daemon alone, for the journal; undefined: there is none. */
  readonly folder: string | undefined;
  readonly cachedKeys: (issuer: Issuer) => KeySet | undefined;
  /** Asks the API server of an entry for what its sessions are bound to. */
  readonly lookAt: (issuer: string, object: BoundObject) => Promise<ObjectAnswer>;
  readonly metrics: Pick<Metrics, 'countEnd' | 'countRecheck' | 'watchSessions'>;
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>;
}

/** An old module is told of once in so many milliseconds. */
const TELL_AGAIN = 60_000;

/** Creates a watch that watches nothing yet. */
export function createSessionWatch(options: SessionWatchOptions): SessionWatch {
  const { folder, logger, metrics } = options;
  let watching: Promise<SessionWatcher> | undefined;
  let toldOfOldModule = -Infinity;

  const start = async (): Promise<SessionWatcher> => {
    const [{ createSessionWatcher }, { createServerClient }] = await Promise.all([
      import('../sessions/watch-sessions.ts'),
      import('../postgres/server-client.ts'),
    ]);
    const watcher = createSessionWatcher({
      journal: folder === undefined ? undefined : join(folder, 'sessions'),
      clock: systemClock,
      uptime,
      createClient: (connection) => createServerClient(connection, { monotonicClock: uptime }),
      cachedKeys: options.cachedKeys,
      lookAt: options.lookAt,
      random: Math.random,
      onLooked(issuer, { state }) {
        metrics.countRecheck(issuer, state);
      },
      onRecheckState(issuer, kind, failure) {
        if (failure === undefined) {
          logger.info({ issuer, kind }, 'the API server can be asked for them again');
        } else {
          const { reason, hint } = failure;
          logger.error(
            { issuer, kind, reason, hint },
            'the API server does not say whether they are there: their sessions go on',
          );
        }
      },
      onEnded(session, { cause, refusal }) {
        metrics.countEnd(session.issuer, cause);
        logger.info(endLine(session, cause, refusal), 'session ended');
      },
      onOutOfReach({ pid, role, issuer }, reason) {
        logger.warn({ pid, role, issuer, reason }, 'a session will not be ended');
      },
      onServerState(server, error) {
        if (error === undefined) {
          logger.info({ server }, 'the server can be asked again');
        } else {
          const { message: reason, hint } = error;
          logger.error(
            { server, reason, hint },
            'the server cannot be asked: its sessions, and those that are opened meanwhile, go on',
          );
        }
      },
      onJournalError(error) {
        logger.warn({ reason: String(error) }, 'sessions cannot be kept for a restart');
      },
      onFailure(error) {
        logger.error({ place: placeOf(error) }, 'sessions could not be looked at');
      },
    });
    metrics.watchSessions(() => watcher.status());
    return watcher;
  };
  const tell = (what: (watcher: SessionWatcher) => void): void => {
    watching?.then(what).catch((error: unknown) => {
      logger.error({ reason: String(error) }, 'sessions cannot be watched');
    });
  };

  return {
    usePolicy(policy) {
      if (policy.servers.length > 0) {
        watching ??= start();
      }
      tell((watcher) => {
        watcher.usePolicy(policy);
      });
    },
    keysChanged(issuer) {
      tell((watcher) => {
        watcher.keysChanged(issuer);
      });
    },
    decided(login, pid, { decision, token, key }, at, by) {
      const entry =
        decision.granted && watching !== undefined
          ? by.issuers.find(({ name }) => name === decision.issuer)?.entry
          : undefined;
      if (
        entry?.sessions === undefined ||
        !decision.granted ||
        token === undefined ||
        key === undefined
      ) {
        return;
      }
      if (pid === undefined) {
        if (performance.now() - toldOfOldModule > TELL_AGAIN) {
          toldOfOldModule = performance.now();
          const hint = 'The PAM module is older than the daemon: install both from one package.';
          logger.warn({ issuer: entry.name, hint }, 'a login does not say which process it is for');
        }
        return;
      }
      const { algorithm, keyID, type, claims } = token;
      const { service, role, source } = login;
      const session = {
        pid,
        service,
        role,
        source,
        issuer: entry.name,
        subject: String(claims['sub']),
        token: JSON.stringify({ algorithm, keyID, type, claims }),
        key: thumbprintOf(key),
        grantedAt: at / 1000,
        expiresAt: Number(claims['exp']),
      };
      tell((watcher) => {
        watcher.granted(session, by);
      });
    },
    async answer(request) {
      if (watching === undefined) {
        return { problem: 'no sessions are watched, as issuers.yaml has no servers' };
      }
      const watcher = await watching;
      if (request.ask === 'end') {
        return { ended: [...watcher.end(request.ids)] };
      }
      const { showSession } = await import('../sessions/show-session.ts');
      const listed = await watcher.list();
      return { sessions: listed.map((session) => showSession(session, systemClock())) };
    },
    async stop() {
      await watching?.then(async (watcher) => watcher.stop()).catch(() => undefined);
    },
  };
}

/** Seconds of CLOCK_MONOTONIC, which is one for all processes until the host is started anew. */
function uptime(): number {
  return Number(process.hrtime.bigint()) / 1e9;
}
