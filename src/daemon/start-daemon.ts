// The daemon: holds the policy, the keys and what is verified, answers the PAM module, and follows the configuration.
import { hash } from 'node:crypto';
import type { Server } from 'node:http';
import { createServer } from 'node:net';
import type { Logger } from 'pino';
import { authorize, type AuthorizeOptions, type Login } from '../authorize/authorize.ts';
import { createKeyStore } from '../authorize/key-store.ts';
import { createKnownTokens } from '../authorize/known-tokens.ts';
import { type LoadedPolicy, loadPolicy } from '../authorize/load-policy.ts';
import type { Policy } from '../authorize/policy.ts';
import { systemClock } from '../clock.ts';
import { formatProblem } from '../config/problems.ts';
import { placeOf } from '../errors.ts';
import { createDiskKeyCache } from '../keys/disk-key-cache.ts';
import { auditLine } from '../log/audit-line.ts';
import { createMetrics } from '../log/metrics.ts';
import type { PAMRequest } from '../protocol/parse-request.ts';
import { createConnections } from './connections.ts';
import { createLater } from './do-later.ts';
import { openSocket } from './open-socket.ts';
import { type ConnectionOptions, serveConnection } from './serve-connection.ts';
import { serveMetrics } from './serve-metrics.ts';
import { StartupError } from './startup-error.ts';
import { createWaitingLogins } from './waiting-logins.ts';
import { createFileWatcher } from './watch-files.ts';

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
  /** How many lines of the log were lost; default: none is. */
  readonly linesLost?: () => number;
  readonly version: string;
}

/** A daemon that runs. */
export interface Daemon {
  /** Loads the configuration again. What is invalid changes nothing. */
  reload(): Promise<void>;
  /** Logs and counts what was decided and waits for it. */
  flush(): void;
  /** Stops accepting, finishes what is under way within its deadline. */
  stop(): Promise<void>;
}

/** Decisions are logged and counted within this time, in milliseconds. */
const RECORD_DELAY = 50;

/** What decides a login. Replaced as a whole, so that no decision sees parts of two. */
interface Rule {
  readonly policy: Policy;
  readonly options: AuthorizeOptions & Required<Pick<AuthorizeOptions, 'hasKey'>>;
}

/** Starts the daemon. Throws a {@link StartupError} where it cannot. */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const { config, logger } = options;
  const { promise: started, resolve: beStarted } = Promise.withResolvers<void>();
  let reloading = started;
  const reload = async (): Promise<void> => {
    // One after the other, so that the last change is the one in force.
    reloading = reloading
      .then(async () => reloadNow())
      .catch((error: unknown) => {
        metrics.countReload(false);
        logger.error({ place: placeOf(error) }, 'the configuration could not be loaded');
      });
    return reloading;
  };
  const watcher = createFileWatcher(() => void reload());
  /** Watched before they are read, so that no change falls in between: which files there are, a first look tells. */
  const load = async (): Promise<LoadedPolicy> => {
    const loaded = await loadPolicy(config);
    return watcher.watch(loaded.files) ? loadPolicy(config) : loaded;
  };
  // Changes are followed once the daemon has started.
  watcher.watch([config]);
  const loaded = await load();
  if (!loaded.ok) {
    watcher.stop();
    const lines = loaded.problems.map((problem) => formatProblem(config, problem));
    throw new StartupError(lines.join('\n'), `Mend ${config}; pgtoken config check says the same.`);
  }

  const store = createKeyStore({
    cache: createDiskKeyCache({
      folder: options.cacheDir,
      onWriteError: (error) => {
        logger.warn({ reason: String(error) }, 'the key cache on disk cannot be written');
      },
    }),
    clock: systemClock,
    monotonicClock: () => performance.now() / 1000,
    random: Math.random,
    onFetch: (issuer, result) => {
      const isUnauthorized = result.kind === 'failed' && result.unauthorized === true;
      metrics.countFetch(issuer, isUnauthorized ? 'unauthorized' : result.kind);
      if (isUnauthorized) {
        const { reason, hint } = result;
        logger.error({ issuer, reason, hint }, 'the issuer refuses access to its keys');
      } else if (result.kind === 'failed') {
        logger.warn({ issuer, reason: result.reason }, 'keys could not be retrieved');
      }
    },
  });
  const metrics = createMetrics(options.version, () => store.status(), options.linesLost);

  const adopt = ({ policy, text }: { readonly policy: Policy; readonly text: string }): Rule => {
    const fingerprint = hash('sha256', text);
    metrics.countReload(true);
    metrics.setConfig(fingerprint);
    logger.info(
      { config: fingerprint, issuers: policy.issuers.map((issuer) => issuer.name) },
      'configuration in force',
    );
    if (policy.issuers.length === 0) {
      logger.warn({ path: config }, 'no issuer is configured, nobody can log in');
    }
    const keys = store.use(policy);
    const knownTokens = createKnownTokens();
    return { policy, options: { ...keys, clock: systemClock, knownTokens } };
  };
  let rule = adopt(loaded);

  const onFailure = (error: unknown): void => {
    logger.error({ place: placeOf(error) }, 'a decision failed');
  };
  const records = createLater(RECORD_DELAY, onFailure);
  const waiting = createWaitingLogins();
  const decide: ConnectionOptions['decide'] = async (request, late) => {
    const { policy, options: inForce } = rule;
    const world: AuthorizeOptions = {
      ...inForce,
      keysOf: async (issuer, { keyID, algorithm }) => {
        const wanted = { keyID, algorithm };
        return inForce.hasKey(issuer, wanted)
          ? inForce.keysOf(issuer, wanted)
          : waiting.wait(
              issuer.name,
              request.token.length,
              async () => inForce.keysOf(issuer, wanted),
              late(),
            );
      },
    };
    return authorize({ ...loginOf(request), password: request.token }, policy, world);
  };
  const record: ConnectionOptions['onDecided'] = (request, judgement, ms) => {
    const login = loginOf(request);
    const at = new Date();
    records.add(() => {
      const line = auditLine(login, judgement, { at, ms });
      metrics.countDecision(line.outcome, line.code, line.issuer, ms / 1000);
      logger.info(line, 'decision');
    });
  };

  const connections = createConnections({
    max: options.maxConnections,
    onTooMany: () => {
      logger.warn(
        { maxConnections: options.maxConnections },
        'too many connections, one was closed',
      );
    },
  });
  const server = createServer({ allowHalfOpen: true }, (socket) => {
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
  });

  let socket;
  let metricsServer: Server | undefined;
  try {
    if (options.metrics !== undefined) {
      metrics.watchProcess();
      metricsServer = await serveMetrics(options.metrics, metrics);
    }
    socket = await openSocket(server, { ...options, path: options.socket });
  } catch (error) {
    watcher.stop();
    store.stop();
    metricsServer?.close();
    throw error;
  }
  server.on('error', (error) => {
    logger.error({ reason: error.message }, 'a connection could not be accepted');
  });
  logger.info({ socket: socket.description, version: options.version }, 'ready');

  const reloadNow = async (): Promise<void> => {
    const next = await load();
    if (next.ok) {
      rule = adopt(next);
      return;
    }
    metrics.countReload(false);
    const problems = next.problems.map((problem) => formatProblem(config, problem));
    logger.error({ problems }, 'the configuration is invalid, the last good one stays in force');
  };
  beStarted();

  return {
    reload,
    flush() {
      records.flush();
    },
    async stop() {
      logger.info({ connections: connections.size }, 'stopping');
      watcher.stop();
      metricsServer?.close();
      metricsServer?.closeAllConnections();
      // Each connection has its own deadline, so that this ends.
      connections.dismissWaiting();
      await new Promise((resolve) => {
        server.close(resolve);
      });
      socket.close();
      store.stop();
      records.flush();
      logger.info('stopped');
    },
  };
}

function loginOf(request: PAMRequest): Login {
  return { service: request.service, role: request.user, source: request.rhost };
}
