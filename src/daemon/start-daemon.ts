// The daemon: holds the policy, the keys and what is verified, answers the PAM module and the OAuth validator, and follows the configuration.
import type { Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import type { Logger } from 'pino';
import { authorize } from '../decide/authorize.ts';
import type { AuthorizeOptions } from '../decide/authorize-options.ts';
import type { Login } from '../decide/login.ts';
import { type DecisionRecord, undecided } from '../decide/decision.ts';
import { createKeyStore, type KeysInForce } from '../issuer-keys/key-store.ts';
import { createVerifiedTokens } from '../decide/verified-tokens.ts';
import { loadPolicy } from '../policy/load-policy.ts';
import type { Policy } from '../policy/policy.ts';
import { monotonicClock, systemClock } from '../clock.ts';
import { isRefusal, placeOf, refuse, type Refusal } from '../errors.ts';
import { createKeyCacheWriter } from '../keys/key-cache-writer.ts';
import { auditLine } from '../log/audit-line.ts';
import { createReviewers, type ReviewerOf } from '../issuers/review/create-reviewers.ts';
import { createMetrics } from '../log/metrics.ts';
import type { DaemonRequest } from '../protocol/parse-request.ts';
import { createConnections } from './socket/connections.ts';
import { createBatchQueue } from './batch-queue.ts';
import {
  type ConfigStatus,
  followConfig,
  type LoadFollowedPolicy,
} from './reload/follow-config.ts';
import { keepListening, type Listener } from './socket/keep-listening.ts';
import { lowerConnections } from './socket/lower-connections.ts';
import { type ConnectionOptions, serveConnection } from './socket/serve-connection.ts';
import { openControl } from './serve-control.ts';
import { type MetricsServer, serveMetrics } from './serve-metrics.ts';
import { runtimeFolderOf } from './runtime-folder.ts';
import { createReview } from './create-review.ts';
import { createRoleProvision } from './role-provision.ts';
import { createSessionWatch } from './session-watch.ts';
import { createTellSystemd } from './tell-systemd.ts';
import { createWaitingLogins } from './waiting-logins.ts';
import { createWriteStatus } from './write-status.ts';

/** How the daemon runs. */
export interface DaemonOptions {
  /** Path of issuers.yaml. */
  readonly config: string;
  /** Path of the socket, where systemd hands none over. */
  readonly socket: string;
  /** The group whose members may connect; default: that of the process. */
  readonly group: string | undefined;
  /** Where keys are kept on disk. */
  readonly cacheDir: string;
  /** Where metrics are served, `host:port`; undefined for nowhere. */
  readonly metrics: string | undefined;
  /** Time from connection to reply, in seconds; to be below the module's `timeout`. */
  readonly deadline: number;
  /** The most connections at one time. */
  readonly maxConnections: number;
  readonly env: NodeJS.ProcessEnv;
  readonly logger: Logger;
  /** Loads the configuration and what it names; default: by this thread. */
  readonly loadPolicy?: LoadFollowedPolicy;
  /** How many lines of the log were lost; default: none is. */
  readonly linesLost?: () => number;
  readonly version: string;
}

/** A daemon that runs. */
export interface Daemon {
  /** Loads the configuration again, as it is now. What is invalid changes nothing. */
  reload(): Promise<void>;
  /** Logs and counts what was decided and waits for it. */
  flush(): void;
  /** Stops accepting, finishes what is under way within its deadline. */
  stop(): Promise<void>;
}

/** Decisions are logged and counted within this time, in milliseconds. */
const RECORD_DELAY = 50;

/** When it stops, the daemon waits so long for a disk that hangs, in milliseconds; it keeps what was there before then. */
const LONGEST_FLUSH = 2000;

/** What decides a login. Replaced as a whole, so that no decision sees parts of two. */
interface Rule {
  readonly policy: Policy;
  readonly options: AuthorizeOptions & KeysInForce;
}

/** Starts the daemon. Throws a {@link StartupError} where it cannot; a configuration that cannot be used is no such reason. */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const { config, logger } = options;
  const cache = createKeyCacheWriter({
    folder: options.cacheDir,
    onWriteError: (error) => {
      logger.warn({ reason: String(error) }, 'the key cache on disk cannot be written');
    },
  });
  const store = createKeyStore({
    cache,
    clock: systemClock,
    monotonicClock,
    random: Math.random,
    onFetch: (issuer, result) => {
      const isUnauthorized = result.kind === 'failed' && result.unauthorized === true;
      metrics.countFetch(issuer, isUnauthorized ? 'unauthorized' : result.kind);
      if (result.kind === 'keys' || (result.kind === 'failed' && result.withdrawn === true)) {
        sessions.keysChanged(issuer);
      }
      if (isUnauthorized) {
        const { reason, hint } = result;
        logger.error({ issuer, reason, hint }, 'the issuer refuses access to its keys');
      } else if (result.kind === 'failed') {
        logger.warn({ issuer, reason: result.reason }, 'keys could not be retrieved');
      }
    },
  });
  const metrics = createMetrics(options.version, () => store.status(), options.linesLost);

  const reviewers = createReviewers(monotonicClock);
  let reviewerOf: ReviewerOf = reviewers.use([]);
  const sessions = createSessionWatch({
    folder: runtimeFolderOf(options.env),
    cachedKeys: (issuer) => (isRefusal(rule) ? undefined : rule.options.cachedKeys(issuer)),
    lookAt: async (issuer, object) =>
      (await reviewerOf(issuer)?.lookAt(object, systemClock())) ?? {
        state: 'unknown',
        isOfThisAlone: false,
        reason: `entry ${issuer} has no review any more`,
      },
    metrics,
    logger,
  });

  const failingReviews = new Set<string>();
  const roles = createRoleProvision({ deadline: options.deadline, metrics, logger });

  const tellSystemd = createTellSystemd(options.env, logger);
  const writeStatus = createWriteStatus(options.env, logger);
  let status: ConfigStatus = { inForce: undefined, problems: [] };
  let reloads = 0;
  let isListening = false;
  const tellStatus = (): void => {
    // Whoever is told that it is ready connects.
    if (isListening) {
      tellSystemd(status);
      writeStatus(status, reloads);
    }
  };
  let rule: Rule | Refusal = refuse('ERR_CONFIG_INVALID', `${config} was not loaded yet`);
  const follower = await followConfig({
    path: config,
    loadPolicy: options.loadPolicy ?? loadPolicy,
    adopt: (policy) => {
      const keys = store.use(policy);
      const verifiedTokens = createVerifiedTokens();
      reviewerOf = reviewers.use(policy.issuers);
      const review = createReview(reviewerOf, failingReviews, metrics, logger);
      rule = { policy, options: { ...keys, clock: systemClock, verifiedTokens, review } };
      sessions.usePolicy(policy);
      roles.usePolicy(policy);
      metrics.startCounting(
        policy.issuers.map(({ name, keySource, entry }) => ({
          name,
          isRemote: keySource.kind === 'remote',
          hasReview: entry.review !== undefined,
          hasProvision: entry.provision !== undefined,
          hasSessions: entry.sessions !== undefined,
        })),
      );
    },
    refuseAll: (refusal) => {
      rule = refusal;
    },
    onStatus: (next) => {
      status = next;
      tellStatus();
    },
    metrics,
    logger,
  });

  const startedAt = systemClock();
  const control = await openControl(runtimeFolderOf(options.env), logger, async (request) =>
    request.ask === 'status'
      ? {
          status: {
            version: options.version,
            started: startedAt,
            config,
            inForce: status.inForce?.hash,
            problems: [...status.problems],
            samples: await metrics.samples(),
          },
        }
      : sessions.answer(request),
  );

  const onFailure = (error: unknown): void => {
    logger.error({ place: placeOf(error) }, 'a decision failed');
  };
  const records = createBatchQueue(RECORD_DELAY, onFailure);
  const waiting = createWaitingLogins();
  /** Another policy may be in force by the time that a grant has become a session. */
  const decidedBy = new WeakMap<DecisionRecord, Policy>();
  const decide: ConnectionOptions['decide'] = async (request, late) => {
    if (isRefusal(rule)) {
      return undecided(rule);
    }
    const { policy, options: inForce } = rule;
    const bounded: AuthorizeOptions = {
      ...inForce,
      keysOf: async (issuer, { keyID, algorithm, failed }) => {
        const wanted = { keyID, algorithm, failed };
        return inForce.hasCachedKey(issuer, wanted)
          ? inForce.keysOf(issuer, wanted)
          : waiting.wait(
              issuer.name,
              request.token.length,
              async () => inForce.keysOf(issuer, wanted),
              late(),
            );
      },
    };
    const login = loginOf(request);
    const decided = await roles.provision(
      login,
      await authorize({ ...login, password: request.token }, policy, bounded),
      policy,
      late,
    );
    decidedBy.set(decided, policy);
    return decided;
  };
  const record: ConnectionOptions['onDecided'] = (request, decided, answer) => {
    const login = loginOf(request);
    const { at, ms, wasDelivered } = answer;
    records.add(() => {
      const line = auditLine(login, decided, {
        at: new Date(at),
        ms,
        delivered: wasDelivered(),
        request,
      });
      metrics.countDecision(line, ms / 1000);
      logger.info(line, 'decision');
      roles.record(decided);
      const by = decidedBy.get(decided);
      if (by !== undefined && line.delivered) {
        sessions.decided(login, request.pid, decided, at, by);
        roles.loggedIn(login, decided);
      }
    }, request.token.length);
  };

  const { connections: max, limit } = lowerConnections(options.maxConnections);
  if (limit !== undefined) {
    logger.warn(
      { descriptors: limit, maxConnections: max, wanted: options.maxConnections },
      'fewer connections than --max-connections, as the limit on open files is too low',
    );
  }
  const connections = createConnections({
    max,
    onTooMany: () => {
      logger.warn({ maxConnections: max }, 'too many connections, one was closed');
    },
  });
  const onConnection = (socket: Socket): void => {
    if (connections.admit(socket)) {
      void serveConnection(socket, {
        decide,
        deadline: options.deadline,
        onRequest: () => {
          connections.keep(socket);
        },
        onDecided: record,
        onError: onFailure,
      });
    }
  };

  let listener: Listener;
  let metricsServer: MetricsServer | undefined;
  try {
    if (options.metrics !== undefined) {
      metrics.watchProcess();
      metricsServer = await serveMetrics(options.metrics, metrics, logger);
    }
    listener = await keepListening({
      socket: { path: options.socket, group: options.group, env: options.env },
      onConnection,
      logger,
    });
  } catch (error) {
    follower.stop();
    store.stop();
    control?.close();
    metricsServer?.close();
    throw error;
  }
  logger.info({ socket: listener.description, version: options.version }, 'ready');
  isListening = true;
  tellStatus();

  return {
    async reload() {
      await follower.reload();
      reloads += 1;
      tellStatus();
    },
    flush() {
      records.flush();
    },
    async stop() {
      logger.info({ connections: connections.size }, 'stopping');
      follower.stop();
      control?.close();
      metricsServer?.close();
      // Each connection has its own deadline, so that this ends.
      connections.dismissWaiting();
      await listener.close();
      store.stop();
      reviewers.close();
      records.flush();
      await Promise.all([roles.stop(), sessions.stop()]);
      await Promise.race([cache.flush(), setTimeout(LONGEST_FLUSH, undefined, { ref: false })]);
      logger.info('stopped');
    },
  };
}

function loginOf(request: DaemonRequest): Login {
  return { service: request.service, role: request.user, source: request.rhost };
}
