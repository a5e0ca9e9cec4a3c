// The daemon: holds the policy, the keys and what is verified, answers the PAM module, and follows the configuration.
import { createHash } from 'node:crypto';
import { createServer, type Socket } from 'node:net';
import type { Logger } from 'pino';
import { authorize, type AuthorizeOptions, type Judgement } from '../authorize/authorize.ts';
import { createKeyStore } from '../authorize/key-store.ts';
import { loadPolicy } from '../authorize/load-policy.ts';
import type { Policy } from '../authorize/policy.ts';
import { createVerifiedSignatures } from '../authorize/verified-signatures.ts';
import { systemClock } from '../clock.ts';
import { formatProblem } from '../config/problems.ts';
import { placeOf, type Refusal } from '../errors.ts';
import { createDiskKeyCache } from '../keys/disk-key-cache.ts';
import { auditLine } from '../log/audit-line.ts';
import { createMetrics } from '../log/metrics.ts';
import type { PAMRequest } from '../protocol/parse-request.ts';
import { openSocket } from './open-socket.ts';
import { serveConnection } from './serve-connection.ts';
import { serveMetrics } from './serve-metrics.ts';
import { StartupError } from './startup-error.ts';
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
  readonly version: string;
}

/** A daemon that runs. */
export interface Daemon {
  /** Loads the configuration again. What is invalid changes nothing. */
  reload(): Promise<void>;
  /** Stops accepting, finishes what is under way within its deadline. */
  stop(): Promise<void>;
}

/** What decides a login. Replaced as a whole, so that no decision sees parts of two. */
interface Rule {
  readonly policy: Policy;
  readonly options: AuthorizeOptions;
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
  // Watched before it is read, so that no change falls in between; it is followed once the daemon has started.
  const watcher = createFileWatcher(() => void reload());
  watcher.watch([config]);
  const loaded = await loadPolicy(config);
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
      metrics.countFetch(issuer, result.kind);
      if (result.kind === 'failed') {
        logger.warn({ issuer, reason: result.reason }, 'keys could not be retrieved');
      }
    },
  });
  const metrics = createMetrics(options.version, () => store.status());

  const adopt = ({ policy, text }: { readonly policy: Policy; readonly text: string }): Rule => {
    const hash = createHash('sha256').update(text).digest('hex');
    metrics.countReload(true);
    metrics.setConfig(hash);
    logger.info(
      { config: hash, issuers: policy.issuers.map((issuer) => issuer.name) },
      'configuration in force',
    );
    const keys = store.use(policy);
    const verified = createVerifiedSignatures();
    return { policy, options: { ...keys, clock: systemClock, verified } };
  };
  let rule = adopt(loaded);

  const decide = async (request: PAMRequest, late: Promise<Refusal>) => {
    const start = performance.now();
    const login = { service: request.service, role: request.user, source: request.rhost };
    const { policy, options: world } = rule;
    // What is recorded is what the client was told, also when that was that nobody had decided in time.
    const judgement = await Promise.race([
      authorize({ ...login, password: request.token }, policy, world),
      late.then(notJudged),
    ]);
    const ms = performance.now() - start;
    const line = auditLine(login, judgement, ms);
    metrics.countDecision(line.outcome, line.code, line.issuer, ms / 1000);
    logger.info(line, 'decision');
    return judgement.decision;
  };

  const connections = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    connections.add(socket);
    void serveConnection(socket, {
      decide,
      deadline: options.deadline,
      onError: (error) => {
        logger.error({ place: placeOf(error) }, 'a decision failed');
      },
    }).then(() => connections.delete(socket));
  });
  server.maxConnections = options.maxConnections;
  server.on('drop', () => {
    logger.warn({ maxConnections: options.maxConnections }, 'too many connections, one was closed');
  });

  let socket;
  let metricsServer;
  try {
    metricsServer =
      options.metrics === undefined ? undefined : await serveMetrics(options.metrics, metrics);
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
    const next = await loadPolicy(config);
    watcher.watch(next.files);
    if (next.ok) {
      rule = adopt(next);
      return;
    }
    metrics.countReload(false);
    const problems = next.problems.map((problem) => formatProblem(config, problem));
    logger.error({ problems }, 'the configuration is invalid, the last good one stays in force');
  };
  watcher.watch(loaded.files);
  beStarted();

  return {
    reload,
    async stop() {
      logger.info({ connections: connections.size }, 'stopping');
      watcher.stop();
      metricsServer?.close();
      metricsServer?.closeAllConnections();
      // Each connection has its own deadline, so that this ends.
      await new Promise((resolve) => {
        server.close(resolve);
      });
      socket.close();
      store.stop();
      logger.info('stopped');
    },
  };
}

function notJudged(decision: Refusal): Judgement {
  return { decision, issuer: undefined, token: undefined, verified: false };
}
